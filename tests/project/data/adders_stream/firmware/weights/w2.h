//Numpy array shape [2, 2, 1, 2]
//Min -1.000000000000
//Max 0.875000000000
//Number of zeros 0

#ifndef W2_H_
#define W2_H_

#ifndef __SYNTHESIS__
weight2_t w2[8];
#else
weight2_t w2[8] = {0.875, -1.000, 0.250, -0.250, -0.250, -0.125, -1.000, -0.125};

#endif

#endif
