#ifndef TINY_H_
#define TINY_H_

#include "ap_fixed.h"
#include "ap_int.h"
#include "hls_stream.h"

#include "defines.h"

namespace tiny_ns {

// Prototype of top level function for C-synthesis
void tiny(
    hls::stream<input_t> &image,
    hls::stream<result_t> &layer7_out
);

// hls-fpga-machine-learning insert emulator-defines

}

#endif
