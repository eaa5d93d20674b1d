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
template <typename inp_t, typename out_t>
void dense_da_2(inp_t model_inp[4], out_t model_out[2]) { // ap_ufixed<4,0> -> ap_fixed<9,2>
    #pragma HLS INLINE

    ap_ufixed<4,0> v0 = model_inp[0]; // 0.0
    ap_ufixed<4,0> v1 = model_inp[1]; // 0.0
    ap_ufixed<4,0> v2 = model_inp[2]; // 0.0
    ap_ufixed<4,0> v3 = model_inp[3]; // 0.0
    ap_ufixed<7,1> v4 = v0 + bit_shift<-2>(v1); // 1.0
    ap_ufixed<6,1> v5 = v2 + bit_shift<-1>(v0); // 1.0
    ap_ufixed<5,1> v6 = v3 + v2; // 1.0
    ap_fixed<8,2> v7 = v4 - v3; // 2.0
    ap_ufixed<8,1> v8 = v4 + bit_shift<-3>(v6); // 2.0
    ap_fixed<8,1> v9 = v8 - ap_ufixed<3,0>(0.875); // 2.0
    ap_fixed<9,2> v10 = v7 - bit_shift<-2>(v5); // 3.0
    ap_fixed<9,2> v11 = v10 - ap_ufixed<2,-1>(0.375); // 3.0

    model_out[0] = ap_fixed<9,2>(v11);
    model_out[1] = ap_fixed<8,1>(-v9);
}


template <typename inp_t, typename out_t, typename DUMMY> struct dense_da_wrapper_2 {
static void dense(inp_t inp[4], out_t out[2], void *weights=nullptr, void *biases=nullptr) {
    dense_da_2(inp, out);
}
};template <typename inp_t, typename out_t>
void dense_da_6(inp_t model_inp[24], out_t model_out[2]) { // ap_ufixed<4,1> -> ap_fixed<11,5>
    #pragma HLS INLINE

    ap_ufixed<4,1> v0 = model_inp[0]; // 0.0
    ap_ufixed<4,1> v1 = model_inp[1]; // 0.0
    ap_ufixed<4,1> v2 = model_inp[2]; // 0.0
    ap_ufixed<4,1> v3 = model_inp[3]; // 0.0
    ap_ufixed<4,1> v4 = model_inp[4]; // 0.0
    ap_ufixed<4,1> v5 = model_inp[5]; // 0.0
    ap_ufixed<4,1> v6 = model_inp[6]; // 0.0
    ap_ufixed<4,1> v7 = model_inp[7]; // 0.0
    ap_ufixed<4,1> v8 = model_inp[8]; // 0.0
    ap_ufixed<4,1> v9 = model_inp[9]; // 0.0
    ap_ufixed<4,1> v10 = model_inp[10]; // 0.0
    ap_ufixed<4,1> v11 = model_inp[11]; // 0.0
    ap_ufixed<4,1> v12 = model_inp[12]; // 0.0
    ap_ufixed<4,1> v13 = model_inp[13]; // 0.0
    ap_ufixed<4,1> v14 = model_inp[14]; // 0.0
    ap_ufixed<4,1> v15 = model_inp[15]; // 0.0
    ap_ufixed<4,1> v16 = model_inp[16]; // 0.0
    ap_ufixed<4,1> v18 = model_inp[18]; // 0.0
    ap_ufixed<4,1> v19 = model_inp[19]; // 0.0
    ap_ufixed<4,1> v20 = model_inp[20]; // 0.0
    ap_ufixed<4,1> v21 = model_inp[21]; // 0.0
    ap_ufixed<4,1> v22 = model_inp[22]; // 0.0
    ap_ufixed<4,1> v23 = model_inp[23]; // 0.0
    ap_fixed<5,2> v24 = v19 - v20; // 1.0
    ap_fixed<7,4> v25 = v3 - bit_shift<2>(v13); // 1.0
    ap_ufixed<6,2> v26 = v10 + bit_shift<-1>(v16); // 1.0
    ap_fixed<5,2> v27 = v4 - v14; // 1.0
    ap_ufixed<8,5> v28 = v23 + bit_shift<3>(v8); // 1.0
    ap_fixed<6,3> v29 = v8 - bit_shift<1>(v21); // 1.0
    ap_ufixed<5,2> v30 = v9 + v7; // 1.0
    ap_fixed<5,2> v31 = v2 - v11; // 1.0
    ap_fixed<5,2> v32 = v1 - v15; // 1.0
    ap_ufixed<6,3> v33 = v7 + bit_shift<1>(v9); // 1.0
    ap_ufixed<5,2> v34 = v23 + v14; // 1.0
    ap_ufixed<7,2> v35 = v16 + bit_shift<-2>(v10); // 1.0
    ap_ufixed<6,2> v36 = v5 + bit_shift<-1>(v12); // 1.0
    ap_fixed<9,6> v37 = v24 + bit_shift<1>(v25); // 2.0
    ap_fixed<9,4> v38 = v27 + bit_shift<-2>(v28); // 2.0
    ap_fixed<7,4> v39 = v29 + v30; // 2.0
    ap_fixed<7,4> v40 = v18 + bit_shift<1>(v31); // 2.0
    ap_fixed<6,3> v41 = v22 + v32; // 2.0
    ap_fixed<9,5> v42 = v33 - bit_shift<-1>(v25); // 2.0
    ap_ufixed<7,2> v43 = v35 + bit_shift<-1>(v36); // 2.0
    ap_fixed<7,4> v44 = v24 + bit_shift<1>(v36); // 2.0
    ap_fixed<7,4> v45 = v29 + v27; // 2.0
    ap_fixed<9,6> v46 = v37 - bit_shift<2>(v26); // 3.0
    ap_fixed<9,4> v47 = v38 - bit_shift<-2>(v39); // 3.0
    ap_fixed<8,3> v48 = v18 - bit_shift<-2>(v40); // 3.0
    ap_fixed<6,3> v49 = v0 - v41; // 3.0
    ap_fixed<9,5> v50 = v42 - bit_shift<2>(v34); // 3.0
    ap_fixed<9,4> v51 = v41 + v43; // 3.0
    ap_fixed<10,5> v52 = v44 - bit_shift<-2>(v45); // 3.0
    ap_fixed<10,7> v53 = v46 + bit_shift<2>(v47); // 4.0
    ap_fixed<7,3> v54 = v6 + bit_shift<-1>(v49); // 4.0
    ap_fixed<10,6> v55 = v50 - bit_shift<1>(v51); // 4.0
    ap_fixed<10,5> v56 = v48 + v52; // 4.0
    ap_fixed<9,3> v57 = v48 + bit_shift<-2>(v54); // 5.0
    ap_fixed<11,7> v58 = v55 + bit_shift<1>(v56); // 5.0
    ap_fixed<10,7> v59 = v53 + bit_shift<3>(v57); // 6.0
    ap_fixed<11,8> v60 = v59 + ap_ufixed<2,2>(3.0); // 6.0
    ap_fixed<11,7> v61 = v58 - v54; // 6.0
    ap_fixed<11,7> v62 = v61 + ap_ufixed<1,1>(1.0); // 6.0

    model_out[0] = ap_fixed<11,5>(bit_shift<-3>(v60));
    model_out[1] = ap_fixed<11,5>(bit_shift<-2>(v62));
}


template <typename inp_t, typename out_t, typename DUMMY> struct dense_da_wrapper_6 {
static void dense(inp_t inp[24], out_t out[2], void *weights=nullptr, void *biases=nullptr) {
    dense_da_6(inp, out);
}
};
} // namespace nnet

#endif
