/* @NAME@, version @VERSION@: the emulator of a trigger firmware, integer by integer.
 * Written by @WRITER@ from the network @DIGEST@.
 *
 * An event is its inputs one after another in the order below, each row by row with the channels
 * last, as raw integers: pixel x 2**(integer - width) is the real number. Scores likewise.
 *
@TENSORS@ */
#ifndef @GUARD@_H
#define @GUARD@_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define @GUARD@_PIXELS @PIXELS@ /* integers of one event */
#define @GUARD@_SCORES @SCORES@ /* integers of one event's outputs */

typedef @PIXEL@ @NAME@_pixel;

enum {
  @GUARD@_FINE = 0,
  @GUARD@_NO_MEMORY = 1,
  @GUARD@_OUTSIDE = 2 /* a pixel beyond its format, or a word without a row */
};

typedef struct {
  const char *name;
  const char *format; /* as HLS spells it, ap_fixed<...> or ap_ufixed<...> */
  int32_t width, integer, is_signed;
  int32_t rank;
  int64_t shape[8]; /* of one event; the first `rank` count */
} @NAME@_tensor;

#pragma GCC visibility push(default) /* all else in the library is hidden */

/* The version that the export was given, the network's SHA-256, and who wrote it. */
const char *@NAME@_version(void);

/* The inputs and outputs in order; NULL behind the last. */
const @NAME@_tensor *@NAME@_input(int64_t index);
const @NAME@_tensor *@NAME@_output(int64_t index);

/* Score events. Any number of threads may call it at a time; many events in one call are fastest.
 * pixels: events x @GUARD@_PIXELS. scores: events x @GUARD@_SCORES.
 * Unless the answer is @GUARD@_FINE, no score is to be used. */
int32_t @NAME@_predict(const @NAME@_pixel *pixels, int64_t events, int64_t *scores);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif
