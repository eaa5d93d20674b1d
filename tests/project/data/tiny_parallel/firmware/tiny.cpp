#include <iostream>

#include "tiny.h"
#include "parameters.h"


void tiny(
    input_t image[6*6*1],
    result_t layer7_out[2]
) {

    // hls-fpga-machine-learning insert IO
    #pragma HLS ARRAY_RESHAPE variable=image complete dim=0
    #pragma HLS ARRAY_PARTITION variable=layer7_out complete dim=0
    #pragma HLS INTERFACE ap_vld port=image,layer7_out 
    #pragma HLS DATAFLOW

    // hls-fpga-machine-learning insert load weights
#ifndef __SYNTHESIS__
    static bool loaded_weights = false;
    if (!loaded_weights) {
        nnet::load_weights_from_txt<weight2_t, 18>(w2, "w2.txt");
        nnet::load_weights_from_txt<bias2_t, 2>(b2, "b2.txt");
        nnet::load_weights_from_txt<weight7_t, 36>(w7, "w7.txt");
        nnet::load_weights_from_txt<bias7_t, 2>(b7, "b7.txt");
        loaded_weights = true;    }
#endif
    // ****************************************
    // NETWORK INSTANTIATION
    // ****************************************

    // hls-fpga-machine-learning insert layers

    conv_result_t layer2_out[6*6*2];
    #pragma HLS ARRAY_PARTITION variable=layer2_out complete dim=0

    layer4_t layer4_out[6*6*2];
    #pragma HLS ARRAY_PARTITION variable=layer4_out complete dim=0

    layer5_t layer5_out[3*3*2];
    #pragma HLS ARRAY_PARTITION variable=layer5_out complete dim=0

    auto& layer6_out = layer5_out;
    nnet::conv_2d_cl<input_t, conv_result_t, config2>(image, layer2_out, w2, b2); // conv

    nnet::relu<conv_result_t, layer4_t, relu_config4>(layer2_out, layer4_out); // relu

    nnet::pooling2d_cl<layer4_t, layer5_t, config5>(layer4_out, layer5_out); // pool

    nnet::dense<layer5_t, result_t, config7>(layer6_out, layer7_out, w7, b7); // scores

}

