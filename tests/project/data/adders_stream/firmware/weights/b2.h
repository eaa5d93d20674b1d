//Numpy array shape [2]
//Min -0.375000000000
//Max 0.875000000000
//Number of zeros 0

#ifndef B2_H_
#define B2_H_

#ifndef __SYNTHESIS__
bias2_t b2[2];
#else
bias2_t b2[2] = {-0.375, 0.875};

#endif

#endif
