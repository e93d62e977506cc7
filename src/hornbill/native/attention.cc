// softmax(query · keyᵀ * scale + mask) · value for each head, and its gradients.
//
// The scores of one head and a block of queries stay in a core's cache from the first product to
// the last; they are never written out for all heads. On the way back they are computed again.
// Each core works on heads of its own.
//
// Dao et al., 2022, https://arxiv.org/abs/2205.14135, have the idea, for a GPU's memory.

#include <algorithm>

#include "bridge.h"

namespace {

constexpr int kSoftmax = 0x30000;
constexpr int64_t kBlock = 1 << 18;  // scores at a time: fewer make products of few rows, which are slow

// The sizes of a call. Arrays are (batch, steps, heads, dim).
struct Sizes {
  int64_t batch, steps, keys, heads, dim, block;

  int64_t row() const { return heads * dim; }
  // Where step `t` of a head begins in an array of so many steps.
  int64_t at(int64_t head, int64_t length, int64_t t = 0) const {
    return (head / heads * length + t) * row() + head % heads * dim;
  }
};

// What one core has for its heads. Matrices with a `t` at the end are transposed; `o` is the output
// or its gradient.
struct Worker {
  Primitive scores, softmax, outputs;
  Primitive softmax_back, weights_back, queries_back, keys_back[2], values_back[2];
  Handle q, dq, o, k, kt, dk, v, vt, dv, s, st, ds, dst;
  std::vector<float> queries_data, scores_data, gradients_data;  // of q, with the scale; s; ds
};

struct Plan {
  Sizes sizes;
  std::vector<Worker> workers;
};

// The largest part of the queries whose scores are few enough.
int64_t block_of(int64_t steps, int64_t keys) {
  int64_t best = 1;
  for (int64_t n = 1; n <= steps; n++)
    if (steps % n == 0 && n * keys <= kBlock) best = n;
  return best * 16 < std::min(steps, kBlock / keys) ? steps : best;  // of a prime there is none
}

bool matrix(Handle* layout, int64_t rows, int64_t columns, int64_t row_step, int64_t step) {
  int64_t dims[] = {rows, columns}, strides[] = {row_step, step};
  return ok(dnn.memory_desc_create_with_strides(layout, 2, dims, kFloat, strides));
}

// A product, or one that is added to what lies in the result's place. With more after it, such as
// a factor, oneDNN would read the scores once more.
bool product(Primitive* p, Handle a, Handle b, Handle c, bool adds = false) {
  Handle made, list, description;
  return create_settings(&made) && ok(dnn.post_ops_create(&list)) &&
         (!adds || ok(dnn.post_ops_append_sum(list, 1, 0, 0))) &&
         ok(dnn.primitive_attr_set_post_ops(made, list)) &&
         ok(dnn.matmul_primitive_desc_create(&description, engine, a, b, nullptr, c, made)) &&
         create(p, description);
}

bool make(Worker* w, const Sizes& z, bool back) {
  Handle q, o, k, kt, s, st, forward, backward;
  w->queries_data.resize(z.block * z.dim);
  w->scores_data.resize(z.block * z.keys);
  w->gradients_data.resize(back ? z.block * z.keys : 0);
  if (!matrix(&q, z.block, z.dim, z.dim, 1) || !matrix(&o, z.block, z.dim, z.row(), 1) ||
      !matrix(&k, z.keys, z.dim, z.row(), 1) || !matrix(&kt, z.dim, z.keys, 1, z.row()) ||
      !matrix(&s, z.block, z.keys, z.keys, 1) || !matrix(&st, z.keys, z.block, 1, z.keys))
    return false;
  auto memory = [](Handle* made, Handle layout, std::vector<float>* data = nullptr) {
    return ok(dnn.memory_create(made, layout, engine, data ? data->data() : nullptr));
  };
  bool good = memory(&w->q, q, &w->queries_data) && memory(&w->o, o) && memory(&w->k, k) &&
              memory(&w->kt, kt) && memory(&w->v, k) && memory(&w->s, s, &w->scores_data) &&
              product(&w->scores, q, kt, s) &&
              ok(dnn.softmax_forward_primitive_desc_create(&forward, engine, kTraining, kSoftmax, s,
                                                           s, 1, settings)) &&
              create(&w->softmax, forward);
  if (!good || !back) return good && product(&w->outputs, s, k, o);
  for (bool adds : {false, true})
    good = good && product(&w->values_back[adds], st, o, k, adds) &&
           product(&w->keys_back[adds], st, q, k, adds);
  return good && memory(&w->dq, o) && memory(&w->dk, k) && memory(&w->dv, k) &&
         memory(&w->vt, kt) && memory(&w->st, st, &w->scores_data) &&
         memory(&w->ds, s, &w->gradients_data) && memory(&w->dst, st, &w->gradients_data) &&
         product(&w->weights_back, o, kt, s) && product(&w->queries_back, s, k, o) &&
         ok(dnn.softmax_backward_primitive_desc_create(&backward, engine, kSoftmax, s, s, s, 1,
                                                       forward, settings)) &&
         create(&w->softmax_back, backward);
}

bool multiply(const Primitive& p, Handle a, Handle b, Handle c) {
  return execute(p, {{kSource, a}, {kWeights, b}, {kDestination, c}});
}

// What is added to the scores of one head and block: a row for each query, or one for all.
struct Mask {
  const float* data = nullptr;
  int64_t step = 0;
};

Mask mask_of(const Buffer& b, const Sizes& z, int64_t head, int64_t t) {
  const int64_t* d = b.dims;  // the first three may be 1
  int64_t row = d[0] > 1 ? head / z.heads : 0;
  row = row * d[1] + (d[1] > 1 ? head % z.heads : 0);
  row = row * d[2] + (d[2] > 1 ? t : 0);
  return {static_cast<const float*>(b.data) + row * z.keys, d[2] > 1 ? z.keys : 0};
}

void add(float* scores, Mask m, const Sizes& z) {
  for (int64_t r = 0; r < z.block; r++, scores += z.keys, m.data += m.step)
    for (int64_t i = 0; i < z.keys; i++) scores[i] += m.data[i];
}

// A query that may look nowhere weighs all keys alike, whatever its scores are.
void drop_constant(float* gradients, Mask m, const Sizes& z) {
  for (int64_t r = 0; r < z.block; r++, gradients += z.keys, m.data += m.step)
    if (std::none_of(m.data, m.data + z.keys, [](float added) { return added == 0; }))
      std::fill(gradients, gradients + z.keys, 0.f);
}

void scaled(float* to, int64_t to_step, const float* from, int64_t step, const Sizes& z,
            float scale) {
  for (int64_t r = 0; r < z.block; r++, to += to_step, from += step)
    for (int64_t i = 0; i < z.dim; i++) to[i] = from[i] * scale;
}

// One head, block after block.
bool run(Worker& w, const Sizes& z, const Frame& f, float scale, int64_t head, bool back) {
  auto given = [&](int i) { return static_cast<float*>(f.arguments.items[i]->data); };
  auto result = [&](int i) { return static_cast<float*>(f.results.items[i]->data); };
  auto set = [](Handle memory, float* data) { dnn.memory_set_data_handle(memory, data); };
  int last = f.arguments.count - 1;
  bool masked = last - back > 2;
  int64_t keys = z.at(head, z.keys);
  set(w.k, given(1) + keys), set(w.kt, given(1) + keys), set(w.v, given(2) + keys);
  if (back) set(w.vt, given(2) + keys), set(w.dk, result(1) + keys), set(w.dv, result(2) + keys);
  for (int64_t t = 0; t < z.steps; t += z.block) {
    int64_t queries = z.at(head, z.steps, t);
    Mask mask = masked ? mask_of(*f.arguments.items[3], z, head, t) : Mask();
    set(w.o, (back ? given(last) : result(0)) + queries);
    scaled(w.queries_data.data(), z.dim, given(0) + queries, z.row(), z, scale);
    if (!multiply(w.scores, w.q, w.kt, w.s)) return false;
    if (masked) add(w.scores_data.data(), mask, z);
    if (!execute(w.softmax, {{kSource, w.s}, {kDestination, w.s}})) return false;
    if (!back) {
      if (!multiply(w.outputs, w.s, w.v, w.o)) return false;
      continue;
    }
    if (!multiply(w.values_back[t > 0], w.st, w.o, w.dv) ||
        !multiply(w.weights_back, w.o, w.vt, w.ds) ||
        !execute(w.softmax_back,
                 {{kDestination, w.s}, {kDestinationGradient, w.ds}, {kSourceGradient, w.ds}}))
      return false;
    if (masked) drop_constant(w.gradients_data.data(), mask, z);
    set(w.dq, result(0) + queries);
    if (!multiply(w.queries_back, w.ds, w.k, w.dq) ||
        !multiply(w.keys_back[t > 0], w.dst, w.q, w.dk))
      return false;
    scaled(result(0) + queries, z.row(), result(0) + queries, z.row(), z, scale);
  }
  return true;
}

}  // namespace

// The handler. (query, key, value, [mask]) -> output, or (query, key, value, [mask], d output) ->
// (d query, d key, d value). Settings: on how many threads, whether it is the way back, and the
// scale's bits.
extern "C" void* hornbill_attention(Frame* f) {
  if (answered(f)) return nullptr;
  const int64_t* given = f->attributes.items[0]->data;
  int64_t threads = given[0];
  bool back = given[1];
  float scale = number(*f, 2);
  const int64_t *q = f->arguments.items[0]->dims, *k = f->arguments.items[1]->dims;
  int64_t heads = q[0] * q[2], count = std::min(threads, heads);
  return answer<Plan>(
      *f, threads,
      [&](Plan& plan) {
        plan.sizes = {q[0], q[1], k[1], q[2], q[3], block_of(q[1], k[1])};
        plan.workers.resize(count);
        return each(count, [&](size_t i) { return make(&plan.workers[i], plan.sizes, back); });
      },
      [&](Plan& plan) {
        return each(count, [&](size_t i) {
          bool good = true;
          for (int64_t head = heads * i / count; head < int64_t(heads * (i + 1) / count); head++)
            good = good && run(plan.workers[i], plan.sizes, *f, scale, head, back);
          return good;
        });
      });
}
