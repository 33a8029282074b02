// From scores to the loss of each label and the gradient of the mean loss: `Loss` of the plan, term by term.

enum class Loss { CrossEntropy, Mse, LeNet5 };

// What a loss tells of a label.
struct Figure {
    float loss;
    float correct; // 1 if its class has the best score, the first of equals
};

// A warp a label; `L` has the loss, its parameter and its weight, and the views `Y` of scores and `DY` of their gradient. The mean is over
// `batch` images, of which these are some.
template <class L, class T, class TO>
__device__ void loss(T team, Index images, Index batch, const float* scores, TO gradient, const unsigned int* labels, Figure* figures) {
    typedef typename L::Y S;
    typedef typename L::DY G;
    const Index count = images * S::pixels;
    const float share = L::weight / (batch * S::pixels);
    constexpr float sign = L::loss == Loss::LeNet5 ? -1.0f : 1.0f;
    for (Index i = team.warp(); i < count; i += team.warps()) {
        const float* s = scores + S::at(i);
        const TO g = gradient + G::at(i);
        const int label = labels[i];
        // The best score and the first class that has it.
        float best = sign * s[lane() < S::c ? lane() : 0];
        int place = lane() < S::c ? lane() : 0;
        for (int k = lane() + 32; k < S::c; k += 32)
            if (sign * s[k] > best) { best = sign * s[k]; place = k; }
        for (int step = 16; step > 0; step /= 2) {
            float other = __shfl_xor_sync(0xffffffffu, best, step);
            int there = __shfl_xor_sync(0xffffffffu, place, step);
            if (other > best || (other == best && there < place)) { best = other; place = there; }
        }
        float own = s[label];
        float result;
        if constexpr (L::loss == Loss::Mse) {
            float sum = 0.0f;
            for (int k = lane(); k < S::c; k += 32) {
                float off = s[k] - (k == label ? 1.0f : 0.0f);
                sum = fmaf(off, off, sum);
                put<false>(g + (Index)k, 2.0f * off / S::c * share);
            }
            result = warp_sum(sum) / S::c;
        } else {
            float most = best;
            if constexpr (L::loss == Loss::LeNet5) most = most > -L::parameter ? most : -L::parameter;
            float sum = 0.0f, offs = 0.0f;
            for (int k = lane(); k < S::c; k += 32) {
                sum += expf(sign * s[k] - most);
                offs += s[k] - most;
            }
            sum = warp_sum(sum);
            if constexpr (L::loss == Loss::CrossEntropy) {
                constexpr float all = L::parameter / S::c;
                result = logf(sum) - (1.0f - L::parameter) * (own - most) - all * warp_sum(offs);
                for (int k = lane(); k < S::c; k += 32) {
                    float target = all + (k == label ? 1.0f - L::parameter : 0.0f);
                    put<false>(g + (Index)k, (expf(s[k] - most) / sum - target) * share);
                }
            } else {
                sum += expf(-L::parameter - most);
                result = own + most + logf(sum);
                for (int k = lane(); k < S::c; k += 32)
                    put<false>(g + (Index)k, ((k == label ? 1.0f : 0.0f) - expf(-s[k] - most) / sum) * share);
            }
        }
        if (lane() == 0) figures[i] = Figure{result, place == label ? 1.0f : 0.0f};
    }
}
