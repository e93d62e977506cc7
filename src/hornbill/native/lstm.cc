// A sequence through an LSTM, and its gradients.
//
// Each core runs a part of the batch from the first step to the last. oneDNN by itself cuts the
// small products of each step instead, and its threads would meet thousands of times in a call.

#include "bridge.h"

namespace {

constexpr int kBackward = 128, kOverwrite = 1, kForwards = 1;
constexpr int kBias = 41, kWorkspace = 64, kGradient = 128;  // d name = name + kGradient

enum Kind { kTrain, kGradients, kInfer };

// A buffer of XLA's as an argument of the primitive. Where the primitive likes another layout, the
// data are copied into or out of memory of its own.
struct Bound {
  int name;
  bool result;
  int index;
  Handle memory, packed;
  Primitive copier;
  size_t step;  // how many bytes lie between two parts; 0 for what all parts read
};

// What runs one part of the batch.
struct Part {
  Primitive primitive;
  std::vector<Bound> bound;
};

struct Layouts {
  Handle x, y, state, bias, kernel, kernel_h, any, any_h, forward;
};

// Row by row, as XLA has it.
bool plain(Handle* layout, std::vector<int64_t> dims) {
  std::vector<int64_t> strides(dims.size());
  int64_t step = 1;
  for (int i = dims.size() - 1; i >= 0; step *= dims[i--]) strides[i] = step;
  return ok(dnn.memory_desc_create_with_strides(layout, dims.size(), dims.data(), kFloat,
                                                strides.data()));
}

bool any(Handle* layout, std::vector<int64_t> dims) {
  return ok(dnn.memory_desc_create_with_tag(layout, dims.size(), dims.data(), kFloat, kAnyLayout));
}

// oneDNN's axes: of weights layers, directions, inputs, gates and units; here one layer, forwards.
bool describe(Layouts* l, Kind kind, int64_t steps, int64_t batch, int64_t inputs, int64_t units) {
  return plain(&l->x, {steps, batch, inputs}) && plain(&l->y, {steps, batch, units}) &&
         plain(&l->state, {1, 1, batch, units}) && plain(&l->bias, {1, 1, 4, units}) &&
         plain(&l->kernel, {1, 1, inputs, 4, units}) &&
         plain(&l->kernel_h, {1, 1, units, 4, units}) && any(&l->any, {1, 1, inputs, 4, units}) &&
         any(&l->any_h, {1, 1, units, 4, units}) &&
         ok(dnn.lstm_forward_primitive_desc_create(
             &l->forward, engine, kind == kInfer ? kInference : kTraining, kForwards, l->x,
             l->state, l->state, l->any, l->any_h, nullptr, nullptr, l->bias, l->y, l->state,
             l->state, 0, settings));
}

bool bind(Part* part, int name, bool result, int index, Handle layout, Handle liked = nullptr) {
  bool shared = !result && index >= 3 && index <= 5;  // the weights
  Bound b{name, result, index, nullptr, nullptr, {}, shared ? 0 : dnn.memory_desc_get_size(layout)};
  if (!ok(dnn.memory_create(&b.memory, layout, engine, nullptr))) return false;
  if (liked && !(create_copier(&b.copier, result ? liked : layout, result ? layout : liked) &&
                 ok(dnn.memory_create(&b.packed, liked, engine, kLibraryMemory))))
    return false;
  part->bound.push_back(b);
  return true;
}

bool make(Part* part, const Frame& f, Kind kind) {
  const int64_t* x = f.arguments.items[0]->dims + 1;
  int64_t units = f.arguments.items[4]->dims[0];
  Layouts l;
  if (!describe(&l, kind, x[0], x[1], x[2], units)) return false;
  Handle chosen = l.forward;
  if (kind == kGradients &&
      !ok(dnn.lstm_backward_primitive_desc_create(
          &chosen, engine, kBackward, kForwards, l.x, l.state, l.state, l.any, l.any_h, nullptr,
          nullptr, l.bias, l.y, l.state, l.state, l.x, l.state, l.state, l.any, l.any_h, nullptr,
          nullptr, l.bias, l.y, l.state, l.state, kOverwrite, l.forward, settings)))
    return false;
  auto liked = [&](int query, int i) { return dnn.primitive_desc_query_md(chosen, query, i); };
  bool back = kind == kGradients;
  int grad = kGradient, after = back ? 6 : 0;  // where y and the last states lie
  bool good = create(&part->primitive, chosen) && bind(part, kSource, false, 0, l.x) &&
              bind(part, kSource + 1, false, 1, l.state) &&
              bind(part, kSource + 2, false, 2, l.state) &&
              bind(part, kWeights, false, 3, l.kernel, liked(kQueryWeights, 0)) &&
              bind(part, kWeights + 1, false, 4, l.kernel_h, liked(kQueryWeights, 1)) &&
              bind(part, kBias, false, 5, l.bias) && bind(part, kDestination, !back, after, l.y) &&
              bind(part, kDestination + 1, !back, after + 1, l.state) &&
              bind(part, kDestination + 2, !back, after + 2, l.state);
  if (good && kind != kInfer)
    good = bind(part, kWorkspace, !back, after + 3,
                dnn.primitive_desc_query_md(l.forward, kQueryWorkspace, 0));
  if (good && back)
    good = bind(part, kDestination + grad, false, 10, l.y) &&
           bind(part, kDestination + 1 + grad, false, 11, l.state) &&
           bind(part, kDestination + 2 + grad, false, 12, l.state) &&
           bind(part, kSource + grad, true, 0, l.x) &&
           bind(part, kSource + 1 + grad, true, 1, l.state) &&
           bind(part, kSource + 2 + grad, true, 2, l.state) &&
           bind(part, kWeights + grad, true, 3, l.kernel, liked(kQueryWeightsGradient, 0)) &&
           bind(part, kWeights + 1 + grad, true, 4, l.kernel_h, liked(kQueryWeightsGradient, 1)) &&
           bind(part, kBias + grad, true, 5, l.bias);
  return good;
}

bool make(std::vector<Part>* parts, const Frame& f, Kind kind) {
  parts->resize(f.arguments.items[0]->dims[0]);
  return each(parts->size(), [&](size_t i) { return make(&(*parts)[i], f, kind); });
}

bool run(Part& part, const Frame& f, size_t place) {
  std::vector<Argument> arguments;
  for (const Bound& b : part.bound) {
    char* data = static_cast<char*>((b.result ? f.results : f.arguments).items[b.index]->data);
    dnn.memory_set_data_handle(b.memory, data + place * b.step);
    if (b.packed && !b.result && !copy(b.copier, b.memory, b.packed)) return false;
    arguments.push_back({b.name, b.packed ? b.packed : b.memory});
  }
  if (!execute(part.primitive, arguments)) return false;
  for (const Bound& b : part.bound)
    if (b.packed && b.result && !copy(b.copier, b.packed, b.memory)) return false;
  return true;
}

}  // namespace

// How many bytes a forward pass leaves for the way back; 0 where oneDNN has no such LSTM.
extern "C" size_t hornbill_lstm_workspace(int64_t steps, int64_t batch, int64_t inputs,
                                          int64_t units) {
  size_t size = 0;
  alone([&] {
    Layouts l;
    if (describe(&l, kTrain, steps, batch, inputs, units))
      size = dnn.memory_desc_get_size(dnn.primitive_desc_query_md(l.forward, kQueryWorkspace, 0));
  }).join();
  return size;
}

// The handler. Forwards (x, h, c, kernel, recurrent kernel, bias) -> (y, last h, last c), and in
// training a workspace; backwards all of these and the gradients for the results -> the gradients
// for the arguments. All but the three weights have the parts of the batch as their first axis: one
// part stays in the calling thread.
extern "C" void* hornbill_lstm(Frame* f) {
  if (answered(f)) return nullptr;
  using Parts = std::vector<Part>;
  const int64_t* given = f->attributes.items[0]->data;
  auto kind = static_cast<Kind>(given[1]);
  return answer<Parts>(
      *f, given[0], [&](Parts& parts) { return make(&parts, *f, kind); },
      [&](Parts& parts) {
        return each(parts.size(), [&](size_t i) { return run(parts[i], *f, i); });
      });
}
