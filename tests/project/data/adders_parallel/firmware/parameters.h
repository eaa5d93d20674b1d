#ifndef PARAMETERS_H_
#define PARAMETERS_H_

#include "ap_fixed.h"
#include "ap_int.h"

#include "nnet_utils/nnet_code_gen.h"
#include "nnet_utils/nnet_helpers.h"
// hls-fpga-machine-learning insert includes
#include "nnet_utils/nnet_activation.h"
#include "nnet_utils/nnet_activation_stream.h"
#include "nnet_utils/nnet_conv2d.h"
#include "nnet_utils/nnet_conv_stream.h"
#include "nnet_utils/nnet_da_wrappers.h"

// hls-fpga-machine-learning insert weights


// hls-fpga-machine-learning insert layer-config
// conv
struct config2 {
    static const unsigned in_height = 3;
    static const unsigned in_width = 4;
    static const unsigned n_chan = 1;
    static const unsigned out_height = 3;
    static const unsigned out_width = 4;
    static const unsigned n_filt = 2;
    static const unsigned filt_height = 2;
    static const unsigned filt_width = 2;
    static const unsigned stride_height = 1;
    static const unsigned stride_width = 1;

    static const unsigned strategy = nnet::distributed_arithmetic;
    static const unsigned n_partitions = 12;
    static const unsigned n_pixels = 1;
    constexpr static auto dense_da = nnet::dense_da_2<input_t, conv_result_t>;
    template<class data_T, class CONFIG_T>
    using fill_buffer = nnet::fill_buffer_2<data_T, CONFIG_T>;
};

// relu
struct relu_config4 : nnet::activ_config {
    static const unsigned n_in = 24;
    static const unsigned table_size = 1024;
    static const unsigned io_type = nnet::io_parallel;
    static const unsigned reuse_factor = 1;
    typedef relu_table_t table_t;
};



#endif
