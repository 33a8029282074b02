// y = act(x * scale + shift) per channel; x and y may be the same.

template <class D, class V, class T>
__device__ void batch_norm(T team, Index images, const float* x, float* y, const float* scale, const float* shift) {
    auto f = [&](Index i, float x) { int c = i % V::Y::c; return activate<D>(fmaf(x, scale[c], shift[c])); };
    map<false, typename V::Y, typename V::X0>(team, images, y, f, x);
}
