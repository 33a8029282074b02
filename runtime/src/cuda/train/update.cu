// The end of a training step: L2, the norm of all gradients, and the optimizer's rule, over pieces of the flat buffer of parameters.

// Consecutive numbers of one tensor.
struct Piece {
    unsigned long long first;
    unsigned int count;
    float l2;               // factor of their squares in the loss
    unsigned int trained;   // 0: an update leaves them alone
    unsigned int unused;
};

// What changes from step to step.
struct Rates {
    Step step;
    float lr;      // the learning rate, all its factors included
    float coupled; // weight decay that is added to the gradient
    float keep;    // share of a weight that decoupled decay leaves
    float clip;    // the largest norm of all gradients; infinite where nothing is clipped
};

// What a step tells.
struct Outcome {
    double loss, l2, norm;
    unsigned int correct, finite;
    unsigned int stopped; // 1 from a step that failed until the host says otherwise: no step moves anything meanwhile
    unsigned int unused;
};

// What one piece adds to the sums.
struct Part {
    double l2, squares;
};

// The sum over a block, in a fixed order; the same in every thread.
__device__ inline double block_sum(double x) {
    __shared__ double sums[256];
    sums[threadIdx.x] = x;
    __syncthreads();
    for (unsigned int step = blockDim.x / 2; step > 0; step /= 2) {
        if (threadIdx.x < step) sums[threadIdx.x] += sums[threadIdx.x + step];
        __syncthreads();
    }
    double sum = sums[0];
    __syncthreads();
    return sum;
}

// A tile of gradients is done: all threads of the block call it, and begin anew.
template <bool MASKED>
__device__ inline void close(const Complete<MASKED>& of, int tile) {
    const double l2 = block_sum(of.sums->l2), squares = block_sum(of.sums->squares);
    if (threadIdx.x == 0) of.sums->parts[tile] = Part{l2, squares};
    of.sums->l2 = of.sums->squares = 0.0;
}

// Before a step whose gradients are added: they become 0.
template <class N>
__device__ void begin(Index, const Piece* pieces, float* gradients) {
    for (unsigned int p = blockIdx.x; p < N::pieces; p += gridDim.x) {
        const Piece piece = pieces[p];
        for (unsigned int i = threadIdx.x; i < piece.count; i += blockDim.x) gradients[piece.first + i] = 0.0f;
    }
}

// Adds the gradients of the L2 terms, takes out those of weights that are not connected, and sums up.
template <class N, bool MASKED>
__device__ void regularise(const Piece* pieces, const float* params, float* gradients, const float* mask, Part* parts) {
    for (unsigned int p = blockIdx.x; p < N::pieces; p += gridDim.x) {
        const Piece piece = pieces[p];
        double l2 = 0.0, squares = 0.0;
        for (unsigned int i = threadIdx.x; piece.trained && i < piece.count; i += blockDim.x) {
            float* place = gradients + piece.first + i;
            float w = params[piece.first + i], g = *place;
            if (MASKED) g *= mask[piece.first + i];
            g += 2.0f * piece.l2 * w;
            *place = g;
            l2 += (double)piece.l2 * w * w;
            squares += (double)g * g;
        }
        l2 = block_sum(l2);
        squares = block_sum(squares);
        if (threadIdx.x == 0) parts[p] = Part{l2, squares};
    }
}

// One block: the outcome of the step. `N` has the losses' weights, labels of an image, and the room between the figures of two losses.
template <class N>
__device__ void judge(Index images, const Figure* figures, const Part* parts, Outcome* outcome) {
    double loss = 0.0, correct = 0.0, l2 = 0.0, squares = 0.0;
    for (int k = 0; k < N::losses; k++) {
        const Index count = images * N::labels(k);
        double sum = 0.0;
        for (Index i = threadIdx.x; i < count; i += blockDim.x) {
            sum += figures[k * (Index)N::room + i].loss;
            if (k == 0) correct += figures[i].correct;
        }
        loss += block_sum(sum) / count * N::weight(k);
    }
    for (int i = threadIdx.x; i < N::parts; i += blockDim.x) {
        l2 += __ldcg(&parts[i].l2);
        squares += __ldcg(&parts[i].squares);
    }
    correct = block_sum(correct);
    l2 = block_sum(l2);
    squares = block_sum(squares);
    if (threadIdx.x == 0) {
        double norm = sqrt(squares);
        bool finite = loss - loss == 0.0 && norm - norm == 0.0;
        *outcome = Outcome{loss, l2, norm, (unsigned int)correct, finite ? 1u : 0u, finite ? outcome->stopped : 1u, 0u};
    }
}

// As `judge`, by the last block of the launch that completes the gradients: all blocks call it when theirs are done.
template <class N>
__device__ void judge_last(Index images, const Figure* figures, const Part* parts, Outcome* outcome, unsigned* arrived) {
    __shared__ bool last;
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) {
        last = atomicAdd(arrived, 1u) == gridDim.x - 1;
        if (last) *arrived = 0;
    }
    __syncthreads();
    if (!last) return;
    __threadfence();
    judge<N>(images, figures, parts, outcome);
}

// What remains to be done for gradients after the way back, and the outcome.
template <class N, bool MASKED, int COUNTER>
__device__ void end_backward(Index images, const Piece* pieces, const float* params, float* gradients, const float* mask, const Figure* figures,
                             Part* parts, Outcome* outcome, unsigned* arrived) {
    regularise<N, MASKED>(pieces, params, gradients, mask, parts);
    judge_last<N>(images, figures, parts, outcome, arrived + COUNTER);
}

// Moves the weights by the rule `R` (`Optimizer` of the plan); after a step that failed, takes back what it moved on its way, if anything.
template <class R, class N, bool KEPT>
__device__ void update(Index, const Piece* pieces, float* params, const float* gradients, const float* before, float* first, float* second,
                       const Rates* rates, const Outcome* outcome) {
    const bool stopped = outcome->stopped;
    const float scale = outcome->norm > rates->clip ? (float)(rates->clip / outcome->norm) : 1.0f;
    const float lr = rates->lr, coupled = rates->coupled;
    for (unsigned int p = blockIdx.x; p < N::pieces; p += gridDim.x) {
        const Piece piece = pieces[p];
        for (unsigned int i = threadIdx.x; i < piece.count; i += blockDim.x) {
            const unsigned long long at = piece.first + i;
            if (!piece.trained || stopped) {
                if (KEPT && !piece.trained && stopped) params[at] = before[at];
                continue;
            }
            float w = params[at];
            float g = scale * gradients[at] + coupled * w;
            if constexpr (R::kind == 0) w -= lr * g;
            if constexpr (R::kind == 1) {
                g *= lr;
                float v = first[at] = R::momentum * first[at] + g;
                w -= R::nesterov ? g + R::momentum * v : v;
            }
            if constexpr (R::kind == 2) {
                float a = first[at] = R::square_old * first[at] + R::square_new * g * g;
                w -= lr * g / (sqrtf(a) + R::eps);
            }
            if constexpr (R::kind == 3) {
                float m = first[at] = R::mean_old * first[at] + R::mean_new * g;
                float v = second[at] = R::square_old * second[at] + R::square_new * g * g;
                w = rates->keep * w - lr * m / (sqrtf(v) + R::eps);
            }
            params[at] = w;
        }
    }
}
