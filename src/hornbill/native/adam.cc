// One step of Adam for one weight, in one pass over memory.
//
// Kingma and Ba, 2014, https://arxiv.org/abs/1412.6980.

#include <math.h>

#include "bridge.h"

namespace {

struct Numbers {
  float rate, one_minus_beta_1, one_minus_beta_2, epsilon;
};

// A function that is compiled for each kind of processor; the one for the processor that is there is
// chosen when the library is opened.
#if defined(__GNUC__) && !defined(__clang__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

FOR_EACH_PROCESSOR
void step(Numbers n, int64_t count, const float* value, const float* gradient, const float* mean,
          const float* square, float* new_value, float* new_mean, float* new_square) {
#pragma GCC ivdep  // an element is read before it is written
  for (int64_t i = 0; i < count; i++) {
    float g = gradient[i];
    float m = mean[i] + (g - mean[i]) * n.one_minus_beta_1;
    float v = square[i] + (g * g - square[i]) * n.one_minus_beta_2;
    new_mean[i] = m;
    new_square[i] = v;
    new_value[i] = value[i] - n.rate * m / (sqrtf(v) + n.epsilon);
  }
}

}  // namespace

// The handler. (value, gradient, mean, mean square, rate) -> (value, mean, mean square), which may
// lie where the given ones do. Settings: the bits of 1 - beta_1, 1 - beta_2 and epsilon.
extern "C" void* hornbill_adam(Frame* f) {
  if (answered(f)) return nullptr;
  auto in = [&](int i) { return static_cast<const float*>(f->arguments.items[i]->data); };
  auto out = [&](int i) { return static_cast<float*>(f->results.items[i]->data); };
  const Buffer& value = *f->arguments.items[0];
  int64_t count = 1;
  for (int64_t i = 0; i < value.rank; i++) count *= value.dims[i];
  step({*in(4), number(*f, 0), number(*f, 1), number(*f, 2)}, count, in(0), in(1), in(2), in(3),
       out(0), out(1), out(2));
  return nullptr;
}
