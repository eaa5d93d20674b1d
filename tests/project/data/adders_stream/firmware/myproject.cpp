#include <iostream>

#include "myproject.h"
#include "parameters.h"


void myproject(
    hls::stream<input_t> &image,
    hls::stream<result_t> &layer6_out
) {

    // hls-fpga-machine-learning insert IO
    #pragma HLS INTERFACE axis port=image,layer6_out 
    #pragma HLS DATAFLOW

    // hls-fpga-machine-learning insert load weights
#ifndef __SYNTHESIS__
    static bool loaded_weights = false;
    if (!loaded_weights) {
        nnet::load_weights_from_txt<weight2_t, 8>(w2, "w2.txt");
        nnet::load_weights_from_txt<bias2_t, 2>(b2, "b2.txt");
        loaded_weights = true;    }
#endif
    // ****************************************
    // NETWORK INSTANTIATION
    // ****************************************

    // hls-fpga-machine-learning insert layers

    hls::stream<layer8_t> layer8_out("layer8_out");
    #pragma HLS STREAM variable=layer8_out depth=20

    hls::stream<conv_result_t> layer2_out("layer2_out");
    #pragma HLS STREAM variable=layer2_out depth=12

    hls::stream<layer4_t> layer4_out("layer4_out");
    #pragma HLS STREAM variable=layer4_out depth=12

    auto& layer5_out = layer4_out;
    nnet::zeropad2d_cl<input_t, layer8_t, config8>(image, layer8_out); // zp2d_conv

    nnet::conv_2d_cl<layer8_t, conv_result_t, config2>(layer8_out, layer2_out, w2, b2); // conv

    nnet::relu<conv_result_t, layer4_t, relu_config4>(layer2_out, layer4_out); // relu

    nnet::dense<layer4_t, result_t, config6>(layer5_out, layer6_out); // scores

}

