// y = act(x * scale + shift) per channel; x and y may be the same.

template <class D, class V, class T>
__device__ void batch_norm(T team, Index images, const float* x, float* y, const float* scale, const float* shift) {
    constexpr int n = channels_together<typename V::Y, typename V::X0>();
    struct Numbers { Pack<n> scale, shift; };
    auto prepare = [&](int c) { return Numbers{load_channels<n>(scale + c), load_channels<n>(shift + c)}; };
    auto f = [](const Numbers& of, int k, float x, float) { return activate<D>(fmaf(x, of.scale.at[k], of.shift.at[k])); };
    map_channels<false, typename V::Y, typename V::X0>(team, images, y, prepare, f, x);
}
