#ifndef NNET_INSTR_GEN_H_
#define NNET_INSTR_GEN_H_

#include "nnet_conv1d_latency.h"
#include "nnet_helpers.h"

#include "hls_stream.h"
#include "nnet_common.h"
#include "nnet_function_stubs.h"
#include "nnet_mult.h"

namespace nnet {

template <class data_T, class res_T, typename CONFIG_T> class PointwiseConv1D {
  public:
    static void pointwise_conv(data_T data[CONFIG_T::in_width * CONFIG_T::n_chan],
                               res_T res[CONFIG_T::out_width * CONFIG_T::n_filt],
                               typename CONFIG_T::weight_t weights[CONFIG_T::n_chan * CONFIG_T::n_filt],
                               typename CONFIG_T::bias_t biases[CONFIG_T::n_filt]) {
        // To be implemented in subclasses
    }
};

// hls4ml insert code
template<class data_T, typename CONFIG_T>
class fill_buffer_2 : public nnet::FillConv2DBuffer<data_T, CONFIG_T> {
    public:
    static void fill_buffer(
        data_T data[CONFIG_T::in_height * CONFIG_T::in_width * CONFIG_T::n_chan],
        data_T buffer[CONFIG_T::n_pixels][CONFIG_T::filt_height * CONFIG_T::filt_width * CONFIG_T::n_chan],
        const unsigned partition
    ) {
        if (partition ==   0) {
            buffer[0][0] =          0; buffer[0][1] =          0; buffer[0][2] =          0; buffer[0][3] =          0; buffer[0][4] =    data[0]; buffer[0][5] =    data[1]; buffer[0][6] =          0; buffer[0][7] =    data[6]; buffer[0][8] =    data[7];

        }
        if (partition ==   1) {
            buffer[0][0] =          0; buffer[0][1] =          0; buffer[0][2] =          0; buffer[0][3] =    data[0]; buffer[0][4] =    data[1]; buffer[0][5] =    data[2]; buffer[0][6] =    data[6]; buffer[0][7] =    data[7]; buffer[0][8] =    data[8];

        }
        if (partition ==   2) {
            buffer[0][0] =          0; buffer[0][1] =          0; buffer[0][2] =          0; buffer[0][3] =    data[1]; buffer[0][4] =    data[2]; buffer[0][5] =    data[3]; buffer[0][6] =    data[7]; buffer[0][7] =    data[8]; buffer[0][8] =    data[9];

        }
        if (partition ==   3) {
            buffer[0][0] =          0; buffer[0][1] =          0; buffer[0][2] =          0; buffer[0][3] =    data[2]; buffer[0][4] =    data[3]; buffer[0][5] =    data[4]; buffer[0][6] =    data[8]; buffer[0][7] =    data[9]; buffer[0][8] =   data[10];

        }
        if (partition ==   4) {
            buffer[0][0] =          0; buffer[0][1] =          0; buffer[0][2] =          0; buffer[0][3] =    data[3]; buffer[0][4] =    data[4]; buffer[0][5] =    data[5]; buffer[0][6] =    data[9]; buffer[0][7] =   data[10]; buffer[0][8] =   data[11];

        }
        if (partition ==   5) {
            buffer[0][0] =          0; buffer[0][1] =          0; buffer[0][2] =          0; buffer[0][3] =    data[4]; buffer[0][4] =    data[5]; buffer[0][5] =          0; buffer[0][6] =   data[10]; buffer[0][7] =   data[11]; buffer[0][8] =          0;

        }
        if (partition ==   6) {
            buffer[0][0] =          0; buffer[0][1] =    data[0]; buffer[0][2] =    data[1]; buffer[0][3] =          0; buffer[0][4] =    data[6]; buffer[0][5] =    data[7]; buffer[0][6] =          0; buffer[0][7] =   data[12]; buffer[0][8] =   data[13];

        }
        if (partition ==   7) {
            buffer[0][0] =    data[0]; buffer[0][1] =    data[1]; buffer[0][2] =    data[2]; buffer[0][3] =    data[6]; buffer[0][4] =    data[7]; buffer[0][5] =    data[8]; buffer[0][6] =   data[12]; buffer[0][7] =   data[13]; buffer[0][8] =   data[14];

        }
        if (partition ==   8) {
            buffer[0][0] =    data[1]; buffer[0][1] =    data[2]; buffer[0][2] =    data[3]; buffer[0][3] =    data[7]; buffer[0][4] =    data[8]; buffer[0][5] =    data[9]; buffer[0][6] =   data[13]; buffer[0][7] =   data[14]; buffer[0][8] =   data[15];

        }
        if (partition ==   9) {
            buffer[0][0] =    data[2]; buffer[0][1] =    data[3]; buffer[0][2] =    data[4]; buffer[0][3] =    data[8]; buffer[0][4] =    data[9]; buffer[0][5] =   data[10]; buffer[0][6] =   data[14]; buffer[0][7] =   data[15]; buffer[0][8] =   data[16];

        }
        if (partition ==  10) {
            buffer[0][0] =    data[3]; buffer[0][1] =    data[4]; buffer[0][2] =    data[5]; buffer[0][3] =    data[9]; buffer[0][4] =   data[10]; buffer[0][5] =   data[11]; buffer[0][6] =   data[15]; buffer[0][7] =   data[16]; buffer[0][8] =   data[17];

        }
        if (partition ==  11) {
            buffer[0][0] =    data[4]; buffer[0][1] =    data[5]; buffer[0][2] =          0; buffer[0][3] =   data[10]; buffer[0][4] =   data[11]; buffer[0][5] =          0; buffer[0][6] =   data[16]; buffer[0][7] =   data[17]; buffer[0][8] =          0;

        }
        if (partition ==  12) {
            buffer[0][0] =          0; buffer[0][1] =    data[6]; buffer[0][2] =    data[7]; buffer[0][3] =          0; buffer[0][4] =   data[12]; buffer[0][5] =   data[13]; buffer[0][6] =          0; buffer[0][7] =   data[18]; buffer[0][8] =   data[19];

        }
        if (partition ==  13) {
            buffer[0][0] =    data[6]; buffer[0][1] =    data[7]; buffer[0][2] =    data[8]; buffer[0][3] =   data[12]; buffer[0][4] =   data[13]; buffer[0][5] =   data[14]; buffer[0][6] =   data[18]; buffer[0][7] =   data[19]; buffer[0][8] =   data[20];

        }
        if (partition ==  14) {
            buffer[0][0] =    data[7]; buffer[0][1] =    data[8]; buffer[0][2] =    data[9]; buffer[0][3] =   data[13]; buffer[0][4] =   data[14]; buffer[0][5] =   data[15]; buffer[0][6] =   data[19]; buffer[0][7] =   data[20]; buffer[0][8] =   data[21];

        }
        if (partition ==  15) {
            buffer[0][0] =    data[8]; buffer[0][1] =    data[9]; buffer[0][2] =   data[10]; buffer[0][3] =   data[14]; buffer[0][4] =   data[15]; buffer[0][5] =   data[16]; buffer[0][6] =   data[20]; buffer[0][7] =   data[21]; buffer[0][8] =   data[22];

        }
        if (partition ==  16) {
            buffer[0][0] =    data[9]; buffer[0][1] =   data[10]; buffer[0][2] =   data[11]; buffer[0][3] =   data[15]; buffer[0][4] =   data[16]; buffer[0][5] =   data[17]; buffer[0][6] =   data[21]; buffer[0][7] =   data[22]; buffer[0][8] =   data[23];

        }
        if (partition ==  17) {
            buffer[0][0] =   data[10]; buffer[0][1] =   data[11]; buffer[0][2] =          0; buffer[0][3] =   data[16]; buffer[0][4] =   data[17]; buffer[0][5] =          0; buffer[0][6] =   data[22]; buffer[0][7] =   data[23]; buffer[0][8] =          0;

        }
        if (partition ==  18) {
            buffer[0][0] =          0; buffer[0][1] =   data[12]; buffer[0][2] =   data[13]; buffer[0][3] =          0; buffer[0][4] =   data[18]; buffer[0][5] =   data[19]; buffer[0][6] =          0; buffer[0][7] =   data[24]; buffer[0][8] =   data[25];

        }
        if (partition ==  19) {
            buffer[0][0] =   data[12]; buffer[0][1] =   data[13]; buffer[0][2] =   data[14]; buffer[0][3] =   data[18]; buffer[0][4] =   data[19]; buffer[0][5] =   data[20]; buffer[0][6] =   data[24]; buffer[0][7] =   data[25]; buffer[0][8] =   data[26];

        }
        if (partition ==  20) {
            buffer[0][0] =   data[13]; buffer[0][1] =   data[14]; buffer[0][2] =   data[15]; buffer[0][3] =   data[19]; buffer[0][4] =   data[20]; buffer[0][5] =   data[21]; buffer[0][6] =   data[25]; buffer[0][7] =   data[26]; buffer[0][8] =   data[27];

        }
        if (partition ==  21) {
            buffer[0][0] =   data[14]; buffer[0][1] =   data[15]; buffer[0][2] =   data[16]; buffer[0][3] =   data[20]; buffer[0][4] =   data[21]; buffer[0][5] =   data[22]; buffer[0][6] =   data[26]; buffer[0][7] =   data[27]; buffer[0][8] =   data[28];

        }
        if (partition ==  22) {
            buffer[0][0] =   data[15]; buffer[0][1] =   data[16]; buffer[0][2] =   data[17]; buffer[0][3] =   data[21]; buffer[0][4] =   data[22]; buffer[0][5] =   data[23]; buffer[0][6] =   data[27]; buffer[0][7] =   data[28]; buffer[0][8] =   data[29];

        }
        if (partition ==  23) {
            buffer[0][0] =   data[16]; buffer[0][1] =   data[17]; buffer[0][2] =          0; buffer[0][3] =   data[22]; buffer[0][4] =   data[23]; buffer[0][5] =          0; buffer[0][6] =   data[28]; buffer[0][7] =   data[29]; buffer[0][8] =          0;

        }
        if (partition ==  24) {
            buffer[0][0] =          0; buffer[0][1] =   data[18]; buffer[0][2] =   data[19]; buffer[0][3] =          0; buffer[0][4] =   data[24]; buffer[0][5] =   data[25]; buffer[0][6] =          0; buffer[0][7] =   data[30]; buffer[0][8] =   data[31];

        }
        if (partition ==  25) {
            buffer[0][0] =   data[18]; buffer[0][1] =   data[19]; buffer[0][2] =   data[20]; buffer[0][3] =   data[24]; buffer[0][4] =   data[25]; buffer[0][5] =   data[26]; buffer[0][6] =   data[30]; buffer[0][7] =   data[31]; buffer[0][8] =   data[32];

        }
        if (partition ==  26) {
            buffer[0][0] =   data[19]; buffer[0][1] =   data[20]; buffer[0][2] =   data[21]; buffer[0][3] =   data[25]; buffer[0][4] =   data[26]; buffer[0][5] =   data[27]; buffer[0][6] =   data[31]; buffer[0][7] =   data[32]; buffer[0][8] =   data[33];

        }
        if (partition ==  27) {
            buffer[0][0] =   data[20]; buffer[0][1] =   data[21]; buffer[0][2] =   data[22]; buffer[0][3] =   data[26]; buffer[0][4] =   data[27]; buffer[0][5] =   data[28]; buffer[0][6] =   data[32]; buffer[0][7] =   data[33]; buffer[0][8] =   data[34];

        }
        if (partition ==  28) {
            buffer[0][0] =   data[21]; buffer[0][1] =   data[22]; buffer[0][2] =   data[23]; buffer[0][3] =   data[27]; buffer[0][4] =   data[28]; buffer[0][5] =   data[29]; buffer[0][6] =   data[33]; buffer[0][7] =   data[34]; buffer[0][8] =   data[35];

        }
        if (partition ==  29) {
            buffer[0][0] =   data[22]; buffer[0][1] =   data[23]; buffer[0][2] =          0; buffer[0][3] =   data[28]; buffer[0][4] =   data[29]; buffer[0][5] =          0; buffer[0][6] =   data[34]; buffer[0][7] =   data[35]; buffer[0][8] =          0;

        }
        if (partition ==  30) {
            buffer[0][0] =          0; buffer[0][1] =   data[24]; buffer[0][2] =   data[25]; buffer[0][3] =          0; buffer[0][4] =   data[30]; buffer[0][5] =   data[31]; buffer[0][6] =          0; buffer[0][7] =          0; buffer[0][8] =          0;

        }
        if (partition ==  31) {
            buffer[0][0] =   data[24]; buffer[0][1] =   data[25]; buffer[0][2] =   data[26]; buffer[0][3] =   data[30]; buffer[0][4] =   data[31]; buffer[0][5] =   data[32]; buffer[0][6] =          0; buffer[0][7] =          0; buffer[0][8] =          0;

        }
        if (partition ==  32) {
            buffer[0][0] =   data[25]; buffer[0][1] =   data[26]; buffer[0][2] =   data[27]; buffer[0][3] =   data[31]; buffer[0][4] =   data[32]; buffer[0][5] =   data[33]; buffer[0][6] =          0; buffer[0][7] =          0; buffer[0][8] =          0;

        }
        if (partition ==  33) {
            buffer[0][0] =   data[26]; buffer[0][1] =   data[27]; buffer[0][2] =   data[28]; buffer[0][3] =   data[32]; buffer[0][4] =   data[33]; buffer[0][5] =   data[34]; buffer[0][6] =          0; buffer[0][7] =          0; buffer[0][8] =          0;

        }
        if (partition ==  34) {
            buffer[0][0] =   data[27]; buffer[0][1] =   data[28]; buffer[0][2] =   data[29]; buffer[0][3] =   data[33]; buffer[0][4] =   data[34]; buffer[0][5] =   data[35]; buffer[0][6] =          0; buffer[0][7] =          0; buffer[0][8] =          0;

        }
        if (partition ==  35) {
            buffer[0][0] =   data[28]; buffer[0][1] =   data[29]; buffer[0][2] =          0; buffer[0][3] =   data[34]; buffer[0][4] =   data[35]; buffer[0][5] =          0; buffer[0][6] =          0; buffer[0][7] =          0; buffer[0][8] =          0;

        }
    }
};

} // namespace nnet

#endif
