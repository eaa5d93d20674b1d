//Numpy array shape [2]
//Min -0.875000000000
//Max 0.000000000000
//Number of zeros 1

#ifndef B7_H_
#define B7_H_

#ifndef __SYNTHESIS__
bias7_t b7[2];
#else
bias7_t b7[2] = {0.000, -0.875};

#endif

#endif
