/* A library that is in everybody's way: all the names that an emulator uses, and wrong answers. */
#include <stdint.h>
#include <stdlib.h>

void trigger_run(void) { abort(); }
void small_run(void) { abort(); }
void *small_new_scratch(void) { abort(); }
int32_t small_predict_in(const int32_t *pixels, int64_t n, int64_t *scores, void *scratch) {
  abort();
}
int32_t small_predict(const int32_t *pixels, int64_t n, int64_t *scores) {
  for (int64_t e = 0; e < n; e++) scores[2 * e] = scores[2 * e + 1] = 42;
  return 0;
}
const char *small_version(void) { return "decoy"; }
void *small_input(int64_t index) { abort(); }
void *small_output(int64_t index) { abort(); }
void *create_model(void) { abort(); }
void destroy_model(void *model) { abort(); }
