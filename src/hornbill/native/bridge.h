// What lies between XLA and oneDNN.
//
// XLA calls a handler with a frame that describes its buffers and settings; the handler runs a
// oneDNN primitive on those buffers, without a copy of data and without Python. What a primitive
// needs is worked out once for each set of shapes and settings, and kept.
//
// Both libraries are reached by their stable C interfaces, of which the declarations below repeat
// what is used: XLA's FFI 0.x (https://github.com/openxla/xla, xla/ffi/api/c_api.h) and oneDNN 3.x
// (https://uxlfoundation.github.io/oneDNN/). So neither is needed to compile this, and the
// library of oneDNN is looked for when Hornbill starts.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

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
constexpr int kOwnScratch = 1, kInference = 96;
constexpr int kHardSwish = 52, kAddition = 0x1fff0;
constexpr int kSource = 1, kDestination = 17, kWeights = 33, kScratch = 80;
constexpr int kSourceGradient = 129, kDestinationGradient = 145, kWeightsGradient = 161;
constexpr int kPostOperand = 32768, kSecondSource = 2;  // of operation i: kPostOperand * (i + 1)
constexpr int kQueryWeights = 131, kQueryWeightsGradient = 132, kQueryWorkspace = 135,
              kQueryScratch = 136;

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
  int (*matmul_primitive_desc_create)(Handle*, Handle, Handle, Handle, Handle, Handle, Handle);
  int (*softmax_forward_primitive_desc_create)(Handle*, Handle, int, int, Handle, Handle, int,
                                               Handle);
  int (*softmax_backward_primitive_desc_create)(Handle*, Handle, int, Handle, Handle, Handle, int,
                                                Handle, Handle);
  size_t (*memory_desc_get_size)(Handle);
  int (*primitive_attr_create)(Handle*);
  int (*primitive_attr_set_scratchpad_mode)(Handle, int);
  int (*primitive_attr_set_post_ops)(Handle, Handle);
  int (*post_ops_create)(Handle*);
  int (*post_ops_append_eltwise)(Handle, int, float, float);
  int (*post_ops_append_binary)(Handle, int, Handle);
  int (*post_ops_append_sum)(Handle, float, int, int);
  int (*lstm_forward_primitive_desc_create)(Handle*, Handle, int, int, Handle, Handle, Handle,
                                            Handle, Handle, Handle, Handle, Handle, Handle, Handle,
                                            Handle, unsigned, Handle);
  int (*lstm_backward_primitive_desc_create)(Handle*, Handle, int, int, Handle, Handle, Handle,
                                             Handle, Handle, Handle, Handle, Handle, Handle, Handle,
                                             Handle, Handle, Handle, Handle, Handle, Handle, Handle,
                                             Handle, Handle, Handle, Handle, Handle, unsigned,
                                             Handle, Handle);
  // OpenMP's, of the calling thread.
  void (*set_num_threads)(int);
  int (*get_max_threads)();
};

inline Library dnn;
inline Handle engine, settings;  // the settings of primitives that do nothing else
inline int cores;  // for how many oneDNN makes threads
inline std::mutex running;  // held by a call that uses all cores

// The queue of the calling thread.
inline Handle stream() {
  thread_local Handle own = nullptr;
  if (!own) dnn.stream_create(&own, engine, kInOrder);
  return own;
}

inline void* const kLibraryMemory = reinterpret_cast<void*>(-1);  // DNNL_MEMORY_ALLOCATE

inline bool ok(int status) { return status == 0; }

// The settings of a primitive in its own words: its scratch memory is ours.
inline bool create_settings(Handle* made) {
  return ok(dnn.primitive_attr_create(made)) &&
         ok(dnn.primitive_attr_set_scratchpad_mode(*made, kOwnScratch));
}

// ---- what handlers share ----------------------------------------------------------------------

// XLA asks a handler once for the version of the interface that it was written for.
inline bool answered(Frame* f) {
  for (Extension* e = f->extensions; e; e = e->next) {
    if (e->type != kMetadata) continue;
    Metadata* metadata = reinterpret_cast<MetadataExtension*>(e)->metadata;
    metadata->version.major = 0, metadata->version.minor = 1;
    return true;
  }
  return f->stage != kExecute;
}

inline void* error(const Frame& f, const char* message) {
  ErrorArguments arguments{sizeof(ErrorArguments), nullptr, message, kInternal};
  return f.api->create_error(&arguments);
}

// A setting that is the bits of a float.
inline float number(const Frame& f, int i) {
  float value;
  std::memcpy(&value, &f.attributes.items[0]->data[i], sizeof value);
  return value;
}

// What distinguishes one plan from another: settings and the shapes of all buffers.
inline std::vector<int64_t> key_of(const Frame& f) {
  const Array& given = *f.attributes.items[0];
  std::vector<int64_t> key(given.data, given.data + given.count);
  for (const Buffers* buffers : {&f.arguments, &f.results})
    for (int64_t i = 0; i < buffers->count; i++) {
      const Buffer& b = *buffers->items[i];
      key.insert(key.end(), b.dims, b.dims + b.rank);
    }
  return key;
}

// Runs a call with a plan for its settings and shapes: a free one, or a new one, which is kept.
//
// A plan has memory of its own, so it is one call's at a time. A call that is to use all cores is
// alone; those of fewer threads run beside each other.
template <class Plan, class Make, class Run>
void* answer(const Frame& f, int64_t threads, Make make, Run run) {
  static std::map<std::vector<int64_t>, std::vector<Plan>> free;
  static std::mutex changing;
  std::unique_lock<std::mutex> alone(running, std::defer_lock);
  if (threads >= cores) alone.lock();
  dnn.set_num_threads(std::min<int64_t>(threads, cores));
  std::vector<int64_t> key = key_of(f);
  std::optional<Plan> plan;
  {
    std::lock_guard<std::mutex> lock(changing);
    std::vector<Plan>& plans = free[key];
    if (!plans.empty()) plan = std::move(plans.back()), plans.pop_back();
  }
  if (!plan && !make(plan.emplace())) return error(f, "oneDNN knows nothing of these shapes");
  bool good = run(*plan);
  std::lock_guard<std::mutex> lock(changing);
  free[key].push_back(std::move(*plan));
  return good ? nullptr : error(f, "oneDNN failed");
}

// A primitive with the memory that it works in. oneDNN's own is of the thread that made it, and
// XLA runs in any of several.
struct Primitive {
  Handle handle = nullptr, scratch = nullptr;
};

inline bool create(Primitive* p, Handle description) {
  Handle layout = dnn.primitive_desc_query_md(description, kQueryScratch, 0);
  return ok(dnn.primitive_create(&p->handle, description)) &&
         (!dnn.memory_desc_get_size(layout) ||
          ok(dnn.memory_create(&p->scratch, layout, engine, kLibraryMemory)));
}

inline bool execute(const Primitive& p, std::vector<Argument> arguments) {
  if (p.scratch) arguments.push_back({kScratch, p.scratch});
  return ok(dnn.primitive_execute(p.handle, stream(), arguments.size(), arguments.data()));
}

// Makes a primitive that copies `from` into the layout of `to`.
inline bool create_copier(Primitive* p, Handle from, Handle to) {
  Handle description;
  return ok(dnn.reorder_primitive_desc_create(&description, from, engine, to, engine, settings)) &&
         create(p, description);
}

inline bool copy(const Primitive& copier, Handle from, Handle to) {
  return execute(copier, {{kSource, from}, {kDestination, to}});
}

// Runs a function in a thread in which oneDNN makes no threads of its own.
template <class Function>
std::thread alone(Function function) {
  return std::thread([=] {
    dnn.set_num_threads(1);
    function();
  });
}

// Calls function(0), ..., function(count - 1), each in a thread in which oneDNN makes no threads of
// its own; whether all return true. One alone stays in this thread.
template <class Function>
bool each(size_t count, Function function) {
  if (count == 1) {
    dnn.set_num_threads(1);
    return function(0);
  }
  std::vector<std::thread> threads;
  std::vector<char> good(count);
  for (size_t i = 0; i < count; i++) threads.push_back(alone([&, i] { good[i] = function(i); }));
  for (std::thread& thread : threads) thread.join();
  for (char one : good)
    if (!one) return false;
  return true;
}
