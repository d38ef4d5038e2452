// Tight loops of the learners' rounds, for benchmarks/rounds.py: one thread, one batch element after the other, so that
// what a learner knows stays in registers and the first cache. Followers have as many types and actions each; types are
// uniform and independent. A follower's payoffs: [types of all followers][actions of all followers], in [0, 1].
#include <math.h>
#include <stdint.h>

#define MOST 4  // followers

static inline uint64_t next(uint64_t *s) {  // xorshift64*
    *s ^= *s >> 12; *s ^= *s << 25; *s ^= *s >> 27;
    return *s * 0x2545F4914F6CDD1DULL;
}
static inline float uniform(uint64_t *s) { return (next(s) >> 40) * 0x1p-24f; }
static inline int drawn(const float *p, int n, float u) {
    int a = 0;
    for (float sum = p[0]; a < n - 1 && u >= sum; sum += p[++a]) {}
    return a;
}
static inline int below(uint64_t *s, int n) { return n == 1 ? 0 : (int)((next(s) >> 32) * n >> 32); }

// Weights [followers][types][actions] start at 1; `joint` [type profiles][action profiles] sums what was played.
static inline void exp3_rounds(int batch, int rounds, int n, int types, int actions, float gamma, const float *payoffs,
                               float *weights, float *joint, uint64_t seed) {
    int width = types * actions, profiles = 1, situations = 1;
    for (int i = 0; i < n; i++) profiles *= actions, situations *= types;
    float mixed[MOST][actions], step = gamma / actions;
    for (int b = 0; b < batch; b++) {
        uint64_t s = seed + 0x9E3779B97F4A7C15ULL * (b + 1);
        float *w = weights + (int64_t)b * n * width, *sum = joint ? joint + (int64_t)b * situations * profiles : 0;
        const float *paid = payoffs + (int64_t)b * n * situations * profiles;
        for (int k = 0; k < n * width; k++) w[k] = 1;
        for (int r = 0; r < rounds; r++) {
            int type[MOST], act[MOST], situation = 0, profile = 0;
            if (sum)
                for (int c = 0; c < situations; c++) {  // the joint play at every type profile
                    float p[MOST][actions];
                    for (int i = n - 1, rest = c; i >= 0; i--, rest /= types) {
                        const float *own = w + i * width + rest % types * actions;
                        float total = 0;
                        for (int a = 0; a < actions; a++) total += own[a];
                        for (int a = 0; a < actions; a++) p[i][a] = (1 - gamma) / total * own[a] + step;
                    }
                    if (n == 1) for (int a = 0; a < actions; a++) sum[c * profiles + a] += p[0][a];
                    else for (int q = 0; q < profiles; q++) {
                        float product = 1;
                        for (int i = n - 1, rest = q; i >= 0; i--, rest /= actions) product *= p[i][rest % actions];
                        sum[c * profiles + q] += product;
                    }
                }
            for (int i = 0; i < n; i++) {
                type[i] = below(&s, types);
                float *own = w + i * width + type[i] * actions, total = 0;
                for (int a = 0; a < actions; a++) total += own[a];
                for (int a = 0; a < actions; a++) mixed[i][a] = (1 - gamma) / total * own[a] + step;
                act[i] = drawn(mixed[i], actions, uniform(&s));
                situation = situation * types + type[i], profile = profile * actions + act[i];
            }
            for (int i = 0; i < n; i++) {
                float *own = w + i * width + type[i] * actions;
                float pay = paid[(i * situations + situation) * profiles + profile];
                own[act[i]] *= expf(step * pay / mixed[i][act[i]]);
                if (own[act[i]] > 1e20f) for (int a = 0; a < actions; a++) own[a] *= 1e-20f;
            }
        }
    }
}

static inline void q_learning_rounds(int batch, int rounds, int n, int types, int actions, float rate, float decay,
                                     const float *payoffs, float *values, uint64_t seed) {
    int width = types * actions, profiles = 1, situations = 1;
    for (int i = 0; i < n; i++) profiles *= actions, situations *= types;
    for (int b = 0; b < batch; b++) {
        uint64_t s = seed + 0x9E3779B97F4A7C15ULL * (b + 1);
        float *q = values + (int64_t)b * n * width, explores = 1, falls = expf(-decay);
        const float *paid = payoffs + (int64_t)b * n * situations * profiles;
        for (int k = 0; k < n * width; k++) q[k] = 0;
        for (int r = 0; r < rounds; r++, explores *= falls) {
            int type[MOST], act[MOST], situation = 0, profile = 0;
            for (int i = 0; i < n; i++) {
                type[i] = below(&s, types);
                const float *own = q + i * width + type[i] * actions;
                if (uniform(&s) < explores) act[i] = below(&s, actions);
                else for (int a = act[i] = 0; a < actions; a++) if (own[a] > own[act[i]]) act[i] = a;
                situation = situation * types + type[i], profile = profile * actions + act[i];
            }
            for (int i = 0; i < n; i++) {
                float *value = q + i * width + type[i] * actions + act[i];
                *value += rate * (paid[(i * situations + situation) * profiles + profile] - *value);
            }
        }
    }
}

// Expected multiplicative weights of two followers; logarithms of weights [2][types][actions].
static inline void weights_rounds(int batch, int rounds, int types, int actions, float rate, const float *payoffs,
                                  float *logits) {
    int width = types * actions, square = actions * actions;
    float mixed[2][width], gains[2][width];
    for (int b = 0; b < batch; b++) {
        float *l = logits + (int64_t)b * 2 * width;
        const float *paid = payoffs + (int64_t)b * 2 * types * types * square;
        for (int k = 0; k < 2 * width; k++) l[k] = 0;
        for (int r = 0; r < rounds; r++) {
            for (int row = 0; row < 2 * types; row++) {
                float *own = l + row * actions, *p = mixed[0] + row * actions, most = own[0], total = 0;
                for (int a = 1; a < actions; a++) most = own[a] > most ? own[a] : most;
                for (int a = 0; a < actions; a++) total += p[a] = expf(own[a] - most);
                for (int a = 0; a < actions; a++) p[a] /= total;
            }
            for (int k = 0; k < 2 * width; k++) gains[0][k] = 0;
            for (int t = 0; t < types; t++)
                for (int v = 0; v < types; v++) {
                    const float *first = paid + (t * types + v) * square, *second = first + types * types * square;
                    for (int a = 0; a < actions; a++)
                        for (int c = 0; c < actions; c++) {
                            gains[0][t * actions + a] += mixed[1][v * actions + c] * first[a * actions + c];
                            gains[1][v * actions + c] += mixed[0][t * actions + a] * second[a * actions + c];
                        }
                }
            for (int k = 0; k < 2 * width; k++) l[k] += rate / types * gains[0][k];
        }
    }
}

// Sizes that are constants let the compiler write the inner loops out.
#define SIZES(name, N, T, A)                                                                                          \
    void exp3_##name(int b, int r, float g, const float *p, float *w, float *j, uint64_t s) {                         \
        exp3_rounds(b, r, N, T, A, g, p, w, j, s);                                                                    \
    }                                                                                                                 \
    void q_learning_##name(int b, int r, float a, float d, const float *p, float *q, uint64_t s) {                    \
        q_learning_rounds(b, r, N, T, A, a, d, p, q, s);                                                              \
    }
SIZES(one, 1, 1, 3)
SIZES(screened, 1, 3, 3)
SIZES(two, 2, 2, 3)
void weights_large(int b, int r, float rate, const float *p, float *l) { weights_rounds(b, r, 6, 8, rate, p, l); }
