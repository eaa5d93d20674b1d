/* ---- the interface of @NAME@.h ------------------------------------------------------------- */
#include <stdlib.h>
#include "@NAME@.h"

enum { BLOCK = @BLOCK@, PORTS = @PORTS@, OUTPUTS = @OUTPUTS@, ALIGNMENT = @ALIGNMENT@ };
static const @NAME@_tensor input_tensors[] = {@INPUT_TENSORS@};
static const @NAME@_tensor output_tensors[] = {@OUTPUT_TENSORS@};
static const int64_t input_sizes[] = {@INPUT_SIZES@}, output_sizes[] = {@OUTPUT_SIZES@};
static const @NAME@_pixel least[] = {@LEAST@}, most[] = {@MOST@};

const char *@NAME@_version(void) {
  return "@NAME@ @VERSION@, network @DIGEST@, @WRITER@";
}

const @NAME@_tensor *@NAME@_input(int64_t index) {
  return index >= 0 && index < PORTS ? &input_tensors[index] : NULL;
}

const @NAME@_tensor *@NAME@_output(int64_t index) {
  return index >= 0 && index < OUTPUTS ? &output_tensors[index] : NULL;
}

/* What one thread needs: the engine's memory, then a block of events sorted by input and output. */
#define SCRATCH_BYTES ((size_t)@SCRATCH@ / ALIGNMENT * ALIGNMENT + ALIGNMENT)
#define PIXEL_BYTES (PORTS > 1 ? (size_t)BLOCK * @GUARD@_PIXELS * sizeof(@NAME@_pixel) : 0)
#define SCORE_BYTES (OUTPUTS > 1 ? (size_t)BLOCK * @GUARD@_SCORES * sizeof(int64_t) : 0)
#define WHOLE_BYTES ((SCRATCH_BYTES + PIXEL_BYTES + SCORE_BYTES) / ALIGNMENT * ALIGNMENT + ALIGNMENT)

void *@NAME@_new_scratch(void) {
  void *scratch = aligned_alloc(ALIGNMENT, WHOLE_BYTES);
  /* the frames of zeros around images stay zero ever after */
  return scratch ? memset(scratch, 0, SCRATCH_BYTES) : NULL;
}

static int all_within(const @NAME@_pixel *pixels, int64_t count, int port) {
  @NAME@_pixel low = 0, high = 0;
  for (int64_t i = 0; i < count; i++) {
    low = pixels[i] < low ? pixels[i] : low;
    high = pixels[i] > high ? pixels[i] : high;
  }
  return least[port] <= low && high <= most[port];
}

int32_t @NAME@_predict_in(const @NAME@_pixel *pixels, int64_t events, int64_t *scores,
                          void *scratch) {
  static const int kinds[] = {@KINDS@};
  const void *in[PORTS];
  int64_t *out[OUTPUTS];
  for (int64_t first = 0; first < events; first += BLOCK) {
    const int64_t count = events - first < BLOCK ? events - first : BLOCK;
    const @NAME@_pixel *from = pixels + first * @GUARD@_PIXELS;
    int64_t *to = scores + first * @GUARD@_SCORES;
    @NAME@_pixel *sorted = (void *)((char *)scratch + SCRATCH_BYTES + SCORE_BYTES);
    for (int port = 0, start = 0; port < PORTS; start += input_sizes[port++]) {
      in[port] = from;
      if (PORTS > 1) {
        in[port] = sorted;
        for (int64_t e = 0; e < count; e++, sorted += input_sizes[port])
          memcpy(sorted, from + e * @GUARD@_PIXELS + start,
                 input_sizes[port] * sizeof(@NAME@_pixel));
      }
      if (!all_within(in[port], count * input_sizes[port], port)) return @GUARD@_OUTSIDE;
    }
    out[0] = OUTPUTS > 1 ? (void *)((char *)scratch + SCRATCH_BYTES) : to;
    for (int output = 1; output < OUTPUTS; output++)
      out[output] = out[output - 1] + count * output_sizes[output - 1];
    if (trigger_run(in, kinds, out, count, scratch)) return @GUARD@_OUTSIDE;
    for (int output = 0, start = 0; OUTPUTS > 1 && output < OUTPUTS; start += output_sizes[output++])
      for (int64_t e = 0; e < count; e++)
        memcpy(to + e * @GUARD@_SCORES + start, out[output] + e * output_sizes[output],
               output_sizes[output] * sizeof(int64_t));
  }
  return @GUARD@_FINE;
}

int32_t @NAME@_predict(const @NAME@_pixel *pixels, int64_t events, int64_t *scores) {
  void *scratch = @NAME@_new_scratch();
  if (!scratch) return @GUARD@_NO_MEMORY;
  const int32_t answer = @NAME@_predict_in(pixels, events, scores, scratch);
  free(scratch);
  return answer;
}
