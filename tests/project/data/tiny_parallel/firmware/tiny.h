#ifndef TINY_H_
#define TINY_H_

#include "ap_fixed.h"
#include "ap_int.h"
#include "hls_stream.h"

#include "defines.h"


// Prototype of top level function for C-synthesis
void tiny(
    input_t image[6*6*1],
    result_t layer7_out[2]
);

// hls-fpga-machine-learning insert emulator-defines


#endif
