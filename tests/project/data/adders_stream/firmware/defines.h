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
typedef nnet::array<ap_ufixed<4,0>, 1*1> input_t;
typedef nnet::array<ap_ufixed<4,0>, 1*1> layer8_t;
typedef ap_fixed<11,4> conv_accum_t;
typedef nnet::array<ap_fixed<11,4>, 2*1> conv_result_t;
typedef ap_fixed<4,1> weight2_t;
typedef ap_fixed<4,1> bias2_t;
typedef nnet::array<ap_ufixed<4,1,AP_RND_CONV,AP_SAT,0>, 2*1> layer4_t;
typedef ap_fixed<18,8> relu_table_t;
typedef ap_fixed<14,8> scores_accum_t;
typedef nnet::array<ap_fixed<14,8>, 2*1> result_t;
typedef ap_uint<1> layer6_index;

// hls-fpga-machine-learning insert emulator-defines


#endif
