#include <dlfcn.h>

#include <type_traits>

#include "bridge.h"

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
  FIND(matmul_primitive_desc_create);
  FIND(softmax_forward_primitive_desc_create);
  FIND(softmax_backward_primitive_desc_create);
  FIND(memory_desc_get_size);
  FIND(primitive_attr_create);
  FIND(primitive_attr_set_scratchpad_mode);
  FIND(primitive_attr_set_post_ops);
  FIND(post_ops_create);
  FIND(post_ops_append_eltwise);
  FIND(post_ops_append_binary);
  FIND(post_ops_append_sum);
  FIND(lstm_forward_primitive_desc_create);
  FIND(lstm_backward_primitive_desc_create);
#undef FIND
  find(dnn.set_num_threads, "omp_set_num_threads");
  find(dnn.get_max_threads, "omp_get_max_threads");
  if (!all) return false;
  cores = dnn.get_max_threads();
  return ok(dnn.engine_create(&engine, kCpu, 0)) && create_settings(&settings);
}
