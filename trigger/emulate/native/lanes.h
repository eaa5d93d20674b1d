/* Vectors of events. EVENTS numbers of 32 bits fill one register; 64-bit ones take two. */
#include <stdint.h>
#include <string.h>

#define EVENTS (VECTOR_BYTES / 4)
#define INLINE static inline __attribute__((always_inline))

typedef float f32 __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef int32_t i32 __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef double f64 __attribute__((vector_size(2 * VECTOR_BYTES), may_alias));
typedef int64_t i64 __attribute__((vector_size(2 * VECTOR_BYTES), may_alias));
typedef double f64_part __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef int64_t i64_part __attribute__((vector_size(VECTOR_BYTES), may_alias));

/* Set where a number came for which a layer has no result. */
static _Thread_local int outside;

/* Loops over lanes, which compilers turn into single instructions. */
#define FOR_EACH_LANE(v) for (unsigned l = 0; l < sizeof(v) / sizeof((v)[0]); l++)
#define LARGER(a, b)                                            \
  ({ __auto_type _a = (a); __auto_type _b = (b);                \
     FOR_EACH_LANE(_a) _a[l] = _a[l] > _b[l] ? _a[l] : _b[l];   \
     _a; })
#define SMALLER(a, b)                                           \
  ({ __auto_type _a = (a); __auto_type _b = (b);                \
     FOR_EACH_LANE(_a) _a[l] = _a[l] < _b[l] ? _a[l] : _b[l];   \
     _a; })
#define AT_LEAST(a, bound)                                      \
  ({ __auto_type _a = (a);                                      \
     FOR_EACH_LANE(_a) _a[l] = _a[l] > (bound) ? _a[l] : (bound); \
     _a; })
#define AT_MOST(a, bound)                                       \
  ({ __auto_type _a = (a);                                      \
     FOR_EACH_LANE(_a) _a[l] = _a[l] < (bound) ? _a[l] : (bound); \
     _a; })

#define ZERO_OUTSIDE(a, least, most)                            \
  ({ __auto_type _a = (a);                                      \
     FOR_EACH_LANE(_a) _a[l] = _a[l] >= (least) && _a[l] <= (most) ? _a[l] : 0; \
     _a; })

#define LOOKUP(type, table, places)                             \
  ({ __auto_type _p = (places); type _r;                        \
     FOR_EACH_LANE(_r) _r[l] = (table)[_p[l]];                  \
     _r; })

/* Makes a number stay in its register for several uses rather than be loaded for each. */
#if defined(__AVX512F__)
#define KEEP(v) __asm__("" : "+v"(v))
#elif defined(__AVX__) && VECTOR_BYTES <= 32
#define KEEP(v) __asm__("" : "+x"(v))
#else
#define KEEP(v) (void)0
#endif

INLINE f64 JOIN_f64(f64_part low, f64_part high) {
  f64 whole;
  memcpy(&whole, &low, sizeof low);
  memcpy((char *)&whole + sizeof low, &high, sizeof high);
  return whole;
}

INLINE i64 JOIN_i64(i64_part low, i64_part high) {
  i64 whole;
  memcpy(&whole, &low, sizeof low);
  memcpy((char *)&whole + sizeof low, &high, sizeof high);
  return whole;
}
