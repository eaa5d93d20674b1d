// Converts every number of several source formats to several targets with ap_fixed itself.
// Prints "source target: raw raw ..." in ascending order of the source's raw value.
#include "ap_fixed.h"
#include <cstdio>

template <class Source, bool is_signed, class Target> void convert(const char *source, const char *target) {
    std::printf("%s %s:", source, target);
    const int width = Source::width;
    const long low = is_signed ? -(1L << (width - 1)) : 0;
    for (long raw = low; raw < low + (1L << width); raw++) {
        Source from;
        from.range(width - 1, 0) = raw;
        Target to = from;
        std::printf(" %lld", (long long)to.range(Target::width - 1, 0).to_uint64());
    }
    std::printf("\n");
}

int main() {
#include "cases.inc"
}
