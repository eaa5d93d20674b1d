//Numpy array shape [3, 3, 1, 2]
//Min -0.875000000000
//Max 0.750000000000
//Number of zeros 1

#ifndef W2_H_
#define W2_H_

namespace tiny_ns {

#ifndef __SYNTHESIS__
weight2_t w2[18];
#else
weight2_t w2[18] = {0.625, -0.750, -0.625, -0.500, -0.625, 0.625, 0.750, 0.125, -0.875, -0.750, -0.375, -0.125, 0.250, 0.000, -0.500, -0.625, 0.375, 0.500};

#endif
}


#endif
