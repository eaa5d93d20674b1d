#include <iostream>

#include "myproject.h"
#include "parameters.h"


void myproject(
    input_t image[3*4*1],
    result_t layer6_out[2]
) {

    // hls-fpga-machine-learning insert IO
    #pragma HLS ARRAY_RESHAPE variable=image complete dim=0
    #pragma HLS ARRAY_PARTITION variable=layer6_out complete dim=0
    #pragma HLS INTERFACE ap_vld port=image,layer6_out 
    #pragma HLS DATAFLOW

    // hls-fpga-machine-learning insert load weights
#ifndef __SYNTHESIS__
    static bool loaded_weights = false;
    if (!loaded_weights) {
        loaded_weights = true;    }
#endif
    // ****************************************
    // NETWORK INSTANTIATION
    // ****************************************

    // hls-fpga-machine-learning insert layers

    conv_result_t layer2_out[3*4*2];
    #pragma HLS ARRAY_PARTITION variable=layer2_out complete dim=0

    layer4_t layer4_out[3*4*2];
    #pragma HLS ARRAY_PARTITION variable=layer4_out complete dim=0

    auto& layer5_out = layer4_out;
    nnet::conv2d_cl<config2, input_t, conv_result_t>(image, layer2_out); // conv

    nnet::relu<conv_result_t, layer4_t, relu_config4>(layer2_out, layer4_out); // relu

    nnet::dense_da_6<layer4_t, result_t>(layer5_out, layer6_out); // scores

}

