#ifndef DEFINES_H_
#define DEFINES_H_

#include "ap_fixed.h"
#include "ap_int.h"
#include "nnet_utils/nnet_types.h"
#include <array>
#include <cstddef>
#include <cstdio>
#include <tuple>
#include <tuple>


// hls-fpga-machine-learning insert numbers

// hls-fpga-machine-learning insert layer-precision
typedef ap_ufixed<4,0> input_t;
typedef ap_fixed<11,4> conv_accum_t;
typedef ap_fixed<11,4> conv_result_t;
typedef ap_ufixed<4,1,AP_RND_CONV,AP_SAT,0> layer4_t;
typedef ap_fixed<18,8> relu_table_t;
typedef ap_fixed<14,8> scores_accum_t;
typedef ap_fixed<14,8> result_t;
typedef ap_uint<1> layer6_index;

// hls-fpga-machine-learning insert emulator-defines


#endif
