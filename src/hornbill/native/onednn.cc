// Convolutions and their gradients for the CPU by oneDNN, as a custom call of XLA.
//
// XLA calls a handler with a frame that describes its buffers and settings; the handler runs a
// oneDNN primitive on those buffers, without a copy of images and without Python. What a primitive
// needs is worked out once for each set of shapes and settings, and kept.
//
// Both libraries are reached by their stable C interfaces, of which the declarations below repeat
// what is used: XLA's FFI 0.x (https://github.com/openxla/xla, xla/ffi/api/c_api.h) and oneDNN 3.x
// (https://uxlfoundation.github.io/oneDNN/). So this file needs neither to be compiled, and the
// library of oneDNN is looked for when Hornbill starts.

#include <dlfcn.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <type_traits>
#include <vector>

namespace {

// ---- XLA's call frame -------------------------------------------------------------------------

struct Extension {
  size_t size;
  int type;
  Extension* next;
};

struct Version {
  size_t size;
  Extension* extensions;
  int major, minor;
};

struct Metadata {
  size_t size;
  Version version;
  uint32_t traits;
};

struct MetadataExtension {
  Extension base;
  Metadata* metadata;
};

struct ErrorArguments {
  size_t size;
  Extension* extensions;
  const char* message;
  int code;
};

struct Api {
  size_t size;
  Extension* extensions;
  Version version;
  const void* internal;
  void* (*create_error)(ErrorArguments*);
};

struct Buffer {
  size_t size;
  Extension* extensions;
  int dtype;
  void* data;
  int64_t rank;
  int64_t* dims;
};

struct Buffers {
  size_t size;
  Extension* extensions;
  int64_t count;
  int* types;
  Buffer** items;
};

struct Array {
  int dtype;
  size_t count;
  int64_t* data;
};

struct Attributes {
  size_t size;
  Extension* extensions;
  int64_t count;
  int* types;
  void** names;
  Array** items;
};

struct Frame {
  size_t size;
  Extension* extensions;
  const Api* api;
  void* context;
  int stage;
  Buffers arguments, results;
  Attributes attributes;
};

constexpr int kMetadata = 1, kExecute = 3, kInternal = 13;

// ---- oneDNN -----------------------------------------------------------------------------------

using Handle = void*;  // an engine, a stream, a primitive, its description, memory or its layout
using Dims = int64_t[12];

struct Argument {
  int name;
  Handle memory;
};

constexpr int kFloat = 3, kAnyLayout = 1, kTraining = 64, kDirect = 1, kCpu = 1, kInOrder = 1;
constexpr int kSource = 1, kDestination = 17, kWeights = 33;
constexpr int kSourceGradient = 129, kDestinationGradient = 145, kWeightsGradient = 161;
constexpr int kQueryWeights = 131, kQueryWeightsGradient = 132;

using Padding = const int64_t*;

struct Library {
  int (*engine_create)(Handle*, int, size_t);
  int (*stream_create)(Handle*, Handle, unsigned);
  int (*stream_wait)(Handle);
  int (*memory_desc_create_with_strides)(Handle*, int, const int64_t*, int, const int64_t*);
  int (*memory_desc_create_with_tag)(Handle*, int, const int64_t*, int, int);
  int (*memory_create)(Handle*, Handle, Handle, void*);
  int (*memory_set_data_handle)(Handle, void*);
  Handle (*primitive_desc_query_md)(Handle, int, int);
  int (*primitive_create)(Handle*, Handle);
  int (*primitive_execute)(Handle, Handle, int, const Argument*);
  int (*reorder_primitive_desc_create)(Handle*, Handle, Handle, Handle, Handle, Handle);
  int (*convolution_forward_primitive_desc_create)(Handle*, Handle, int, int, Handle, Handle,
                                                   Handle, Handle, Padding, Padding, Padding,
                                                   Padding, Handle);
  int (*convolution_backward_data_primitive_desc_create)(Handle*, Handle, int, Handle, Handle,
                                                         Handle, Padding, Padding, Padding,
                                                         Padding, Handle, Handle);
  int (*convolution_backward_weights_primitive_desc_create)(Handle*, Handle, int, Handle, Handle,
                                                            Handle, Handle, Padding, Padding,
                                                            Padding, Padding, Handle, Handle);
};

Library dnn;
Handle engine, stream;
// One primitive at a time: each uses all cores, and the plans' memory is theirs alone.
std::mutex running;

void* const kLibraryMemory = reinterpret_cast<void*>(-1);  // DNNL_MEMORY_ALLOCATE

// ---- plans ------------------------------------------------------------------------------------

enum Kind { kForward, kData, kWeightsOf };

// What runs one convolution of fixed shapes: a primitive, and its kernel in the layout that the
// primitive likes, with the reorder from or to the plain one.
struct Plan {
  Handle primitive, reorder, plain, packed;
  Handle first, second;  // the memory of the two image arrays
};

bool ok(int status) { return status == 0; }

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

bool make(Plan* plan, const Frame& f, const int64_t* settings) {
  auto kind = static_cast<Kind>(settings[0]);
  const Buffer &a = *f.arguments.items[0], &b = *f.arguments.items[1], &r = *f.results.items[0];
  const Buffer& x = kind == kData ? r : a;
  const Buffer& w = kind == kForward ? b : kind == kData ? a : r;
  const Buffer& y = kind == kForward ? r : b;
  int n = x.rank - 2;
  const int64_t *strides = settings + 2, *dilations = strides + n;
  const int64_t *before = dilations + n, *behind = before + n;
  Handle xs, ys, plain, any, forward, chosen;
  if (!image(&xs, x) || !image(&ys, y) || !kernel(&plain, &any, w, settings[1])) return false;
  if (!ok(dnn.convolution_forward_primitive_desc_create(&forward, engine, kTraining, kDirect, xs,
                                                        any, nullptr, ys, strides, dilations,
                                                        before, behind, nullptr)))
    return false;
  chosen = forward;
  if (kind == kData &&
      !ok(dnn.convolution_backward_data_primitive_desc_create(&chosen, engine, kDirect, xs, any, ys,
                                                              strides, dilations, before, behind,
                                                              forward, nullptr)))
    return false;
  if (kind == kWeightsOf &&
      !ok(dnn.convolution_backward_weights_primitive_desc_create(
          &chosen, engine, kDirect, xs, any, nullptr, ys, strides, dilations, before, behind,
          forward, nullptr)))
    return false;
  bool makes_kernel = kind == kWeightsOf;
  Handle packed = dnn.primitive_desc_query_md(
      chosen, makes_kernel ? kQueryWeightsGradient : kQueryWeights, 0);
  Handle from = makes_kernel ? packed : plain, to = makes_kernel ? plain : packed, reorder;
  return ok(dnn.primitive_create(&plan->primitive, chosen)) &&
         ok(dnn.reorder_primitive_desc_create(&reorder, from, engine, to, engine, nullptr)) &&
         ok(dnn.primitive_create(&plan->reorder, reorder)) &&
         ok(dnn.memory_create(&plan->plain, plain, engine, nullptr)) &&
         ok(dnn.memory_create(&plan->packed, packed, engine, kLibraryMemory)) &&
         ok(dnn.memory_create(&plan->first, kind == kData ? ys : xs, engine, nullptr)) &&
         ok(dnn.memory_create(&plan->second, kind == kData ? xs : ys, engine, nullptr));
}

Plan* plan_for(const Frame& f, const Array& settings) {
  static std::map<std::vector<int64_t>, Plan> plans;
  std::vector<int64_t> key(settings.data, settings.data + settings.count);
  for (const Buffer* b : {f.arguments.items[0], f.arguments.items[1], f.results.items[0]})
    key.insert(key.end(), b->dims, b->dims + b->rank);
  auto found = plans.find(key);
  if (found != plans.end()) return &found->second;
  Plan plan;
  if (!make(&plan, f, settings.data)) return nullptr;
  return &plans.emplace(key, plan).first->second;
}

bool turn(const Plan& p, Handle from, Handle to) {
  Argument arguments[] = {{kSource, from}, {kDestination, to}};
  return ok(dnn.primitive_execute(p.reorder, stream, 2, arguments));
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
  Argument arguments[] = {{name[0], p.first}, {name[1], p.second}, {name[2], p.packed}};
  return (kind == kWeightsOf || turn(p, p.plain, p.packed)) &&
         ok(dnn.primitive_execute(p.primitive, stream, 3, arguments)) &&
         (kind != kWeightsOf || turn(p, p.packed, p.plain)) && ok(dnn.stream_wait(stream));
}

void* error(const Frame& f, const char* message) {
  ErrorArguments arguments{sizeof(ErrorArguments), nullptr, message, kInternal};
  return f.api->create_error(&arguments);
}

}  // namespace

// Opens oneDNN's library; false where that is not one of a version that is known.
extern "C" bool hornbill_open(const char* path) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) return false;
  bool all = true;
  auto find = [&](auto& function, const char* name) {
    void* found = dlsym(library, name);
    all = all && found;
    function = reinterpret_cast<std::decay_t<decltype(function)>>(found);
  };
#define FIND(name) find(dnn.name, "dnnl_" #name)
  FIND(engine_create);
  FIND(stream_create);
  FIND(stream_wait);
  FIND(memory_desc_create_with_strides);
  FIND(memory_desc_create_with_tag);
  FIND(memory_create);
  FIND(memory_set_data_handle);
  FIND(primitive_desc_query_md);
  FIND(primitive_create);
  FIND(primitive_execute);
  FIND(reorder_primitive_desc_create);
  FIND(convolution_forward_primitive_desc_create);
  FIND(convolution_backward_data_primitive_desc_create);
  FIND(convolution_backward_weights_primitive_desc_create);
#undef FIND
  return all && ok(dnn.engine_create(&engine, kCpu, 0)) &&
         ok(dnn.stream_create(&stream, engine, kInOrder));
}

// The handler: (x, kernel) -> y, (kernel, dy) -> dx or (x, dy) -> d kernel, by settings[0].
extern "C" void* hornbill_convolution(Frame* f) {
  for (Extension* e = f->extensions; e; e = e->next) {
    if (e->type != kMetadata) continue;
    Metadata* metadata = reinterpret_cast<MetadataExtension*>(e)->metadata;
    metadata->version.major = 0, metadata->version.minor = 1;
    return nullptr;
  }
  if (f->stage != kExecute) return nullptr;
  const Array& settings = *f->attributes.items[0];
  std::lock_guard<std::mutex> lock(running);
  const Plan* plan = plan_for(*f, settings);
  if (!plan) return error(*f, "oneDNN has no convolution of these shapes");
  if (!run(*plan, static_cast<Kind>(settings.data[0]), *f)) return error(*f, "oneDNN failed");
  return nullptr;
}
