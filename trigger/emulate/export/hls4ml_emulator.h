// What a framework asks of an hls4ml emulator that it loads from a shared library: the class that
// CMSSW's hls4ml/emulator.h declares, with the same functions in the same order.
#pragma once

#include <any>

namespace hls4mlEmulator {

// One event at a time: give its input, compute, fetch its result.
class Model {
public:
    virtual void prepare_input(std::any input) = 0;
    virtual void predict() = 0;
    virtual void read_result(std::any result) = 0;
    virtual ~Model() = default;
};

} // namespace hls4mlEmulator
