// Loads libraries whose symbols have equal names, as CMSSW does, and prints what each says of one
// event of ascending pixels: its version, its scores through C, and through hls4mlEmulator::Model.
// together DECOY LIBRARY...
#include "hls4ml_emulator.h"

#include <cstdint>
#include <cstdio>
#include <dlfcn.h>

template <class F> F *symbol(void *library, const char *name) {
    return reinterpret_cast<F *>(dlsym(library, name));
}

int main(int count, char **arguments) {
    if (!dlopen(arguments[1], RTLD_NOW | RTLD_GLOBAL)) return 1;
    void *libraries[8];
    for (int i = 2; i < count; i++) {
        libraries[i] = dlopen(arguments[i], RTLD_LAZY | RTLD_LOCAL);
        if (!libraries[i]) {
            std::fprintf(stderr, "%s\n", dlerror());
            return 1;
        }
    }
    std::int32_t pixels[64];
    for (int i = 0; i < 64; i++) pixels[i] = 4 * i;
    for (int i = 2; i < count; i++) {
        std::int64_t plain[2], modelled[2];
        const char *version = symbol<const char *()>(libraries[i], "small_version")();
        auto *predict = symbol<std::int32_t(const std::int32_t *, std::int64_t, std::int64_t *)>(
            libraries[i], "small_predict");
        if (predict(pixels, 1, plain)) return 2;
        auto *model = symbol<hls4mlEmulator::Model *()>(libraries[i], "create_model")();
        model->prepare_input(static_cast<std::int32_t *>(pixels));
        model->predict();
        model->read_result(static_cast<std::int64_t *>(modelled));
        symbol<void(hls4mlEmulator::Model *)>(libraries[i], "destroy_model")(model);
        std::printf("%s: %ld %ld %ld %ld\n", version, plain[0], plain[1], modelled[0], modelled[1]);
    }
}
