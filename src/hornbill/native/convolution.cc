// Convolutions and their gradients.

#include "bridge.h"

namespace {

enum Kind { kForward, kData, kWeightsOf };
enum Then { kRelu, kAdd, kMultiply, kSubtract };  // what may be done to each result

// What runs one convolution of fixed shapes: a primitive, and its kernel in the layout that the
// primitive likes, with what copies from or to the plain one.
struct Plan {
  Primitive primitive, copier;
  Handle plain, packed;
  Handle first, second;  // the memory of the two image arrays
  std::vector<Argument> operands;
};

// Layouts of images (batch, *space, channels) and kernels (*space, channels in, channels out), in
// oneDNN's order of axes: batch or group first, then channels, then space.
bool image(Handle* layout, const Buffer& b) {
  Dims dims, strides;
  int n = b.rank;
  int64_t step = b.dims[n - 1];
  dims[0] = b.dims[0], dims[1] = b.dims[n - 1], strides[1] = 1;
  for (int i = n - 2; i >= 1; step *= b.dims[i--]) dims[i + 1] = b.dims[i], strides[i + 1] = step;
  strides[0] = step;
  return ok(dnn.memory_desc_create_with_strides(layout, n, dims, kFloat, strides));
}

bool kernel(Handle* plain, Handle* any, const Buffer& b, int64_t groups) {
  Dims dims, strides;
  int n = b.rank, at = 0;
  int64_t in = b.dims[n - 2], out = b.dims[n - 1], step = in * out;
  if (groups > 1) dims[at] = groups, strides[at++] = out / groups;
  dims[at] = out / groups, strides[at++] = 1;
  dims[at] = in, strides[at++] = out;
  for (int i = n - 3; i >= 0; step *= b.dims[i--]) dims[at + i] = b.dims[i], strides[at + i] = step;
  n += groups > 1;
  return ok(dnn.memory_desc_create_with_strides(plain, n, dims, kFloat, strides)) &&
         ok(dnn.memory_desc_create_with_tag(any, n, dims, kFloat, kAnyLayout));
}

// Adds to the settings what is done to each result before it is written: `codes`, of which all but
// kRelu read one more argument of the call, the size of the result or with one value a channel.
bool append(Handle made, Plan* plan, const Frame& f, const int64_t* codes, int count) {
  Handle list;
  if (!ok(dnn.post_ops_create(&list))) return false;
  for (int i = 0, at = 2; i < count; i++) {
    constexpr int kBinary[] = {0, kAddition, 0x1fff1, 0x1fff5};
    if (codes[i] == kRelu) {
      // oneDNN's own relu makes 0 of NaN. This, x * min(max(1e38 * x, 0), 1), hides nothing: NaN
      // stays and an overflow to -infinity becomes it.
      if (!ok(dnn.post_ops_append_eltwise(list, kHardSwish, 1e38f, 0))) return false;
      continue;
    }
    Handle layout, memory;
    if (!image(&layout, *f.arguments.items[at++]) ||
        !ok(dnn.post_ops_append_binary(list, kBinary[codes[i]], layout)) ||
        !ok(dnn.memory_create(&memory, layout, engine, nullptr)))
      return false;
    plan->operands.push_back({kPostOperand * (i + 1) | kSecondSource, memory});
  }
  return ok(dnn.primitive_attr_set_post_ops(made, list));
}

bool make(Plan* plan, const Frame& f, Kind kind) {
  const int64_t* given = f.attributes.items[0]->data + 1;
  const Buffer &a = *f.arguments.items[0], &b = *f.arguments.items[1], &r = *f.results.items[0];
  const Buffer& x = kind == kData ? r : a;
  const Buffer& w = kind == kForward ? b : kind == kData ? a : r;
  const Buffer& y = kind == kForward ? r : b;
  int n = x.rank - 2;
  const int64_t *strides = given + 2, *dilations = strides + n;
  const int64_t *before = dilations + n, *behind = before + n;
  const int64_t* codes = behind + n;
  int count = given - 1 + f.attributes.items[0]->count - codes;
  Handle xs, ys, plain, any, forward, chosen, made = settings;
  if (count && !(create_settings(&made) && append(made, plan, f, codes, count))) return false;
  if (!image(&xs, x) || !image(&ys, y) || !kernel(&plain, &any, w, given[1])) return false;
  if (!ok(dnn.convolution_forward_primitive_desc_create(&forward, engine, kTraining, kDirect, xs,
                                                        any, nullptr, ys, strides, dilations,
                                                        before, behind, made)))
    return false;
  chosen = forward;
  if (kind == kData &&
      !ok(dnn.convolution_backward_data_primitive_desc_create(&chosen, engine, kDirect, xs, any, ys,
                                                              strides, dilations, before, behind,
                                                              forward, settings)))
    return false;
  if (kind == kWeightsOf &&
      !ok(dnn.convolution_backward_weights_primitive_desc_create(
          &chosen, engine, kDirect, xs, any, nullptr, ys, strides, dilations, before, behind,
          forward, settings)))
    return false;
  bool makes_kernel = kind == kWeightsOf;
  Handle packed = dnn.primitive_desc_query_md(
      chosen, makes_kernel ? kQueryWeightsGradient : kQueryWeights, 0);
  return create(&plan->primitive, chosen) &&
         create_copier(&plan->copier, makes_kernel ? packed : plain,
                       makes_kernel ? plain : packed) &&
         ok(dnn.memory_create(&plan->plain, plain, engine, nullptr)) &&
         ok(dnn.memory_create(&plan->packed, packed, engine, kLibraryMemory)) &&
         ok(dnn.memory_create(&plan->first, kind == kData ? ys : xs, engine, nullptr)) &&
         ok(dnn.memory_create(&plan->second, kind == kData ? xs : ys, engine, nullptr));
}

bool run(const Plan& p, Kind kind, const Frame& f) {
  void *a = f.arguments.items[0]->data, *b = f.arguments.items[1]->data;
  void* r = f.results.items[0]->data;
  dnn.memory_set_data_handle(p.plain, kind == kForward ? b : kind == kData ? a : r);
  dnn.memory_set_data_handle(p.first, kind == kData ? b : a);
  dnn.memory_set_data_handle(p.second, kind == kWeightsOf ? b : r);
  static const int names[][3] = {{kSource, kDestination, kWeights},
                                 {kDestinationGradient, kSourceGradient, kWeights},
                                 {kSource, kDestinationGradient, kWeightsGradient}};
  const int* name = names[kind];
  std::vector<Argument> arguments = {{name[0], p.first}, {name[1], p.second}, {name[2], p.packed}};
  for (size_t i = 0; i < p.operands.size(); i++) {
    dnn.memory_set_data_handle(p.operands[i].memory, f.arguments.items[2 + i]->data);
    arguments.push_back(p.operands[i]);
  }
  return (kind == kWeightsOf || copy(p.copier, p.plain, p.packed)) &&
         execute(p.primitive, arguments) &&
         (kind != kWeightsOf || copy(p.copier, p.packed, p.plain)) &&
         ok(dnn.stream_wait(stream()));
}

}  // namespace

// The handler: (x, kernel, *operands) -> y, (kernel, dy) -> dx or (x, dy) -> d kernel; settings[1]
// says which.
extern "C" void* hornbill_convolution(Frame* f) {
  if (answered(f)) return nullptr;
  const int64_t* given = f->attributes.items[0]->data;
  auto kind = static_cast<Kind>(given[1]);
  return answer<Plan>(
      *f, given[0], [&](Plan& plan) { return make(&plan, *f, kind); },
      [&](const Plan& plan) { return run(plan, kind, *f); });
}
