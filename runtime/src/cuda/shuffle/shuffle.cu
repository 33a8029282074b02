// y[k * groups + i] = x[i * n + k]. Neighbouring threads take neighbouring channels of y; those of x lie in `groups` rows.

template <class D, class V, class T>
__device__ void shuffle(T team, Index images, const float* x, float* y) {
    typedef typename V::X0 X;
    typedef typename V::Y Y;
    constexpr int of_group = X::c / D::groups;
    for (Index i = team.thread(); i < images * Y::len; i += team.threads()) {
        int c = i % Y::c;
        y[Y::element(i)] = x[X::at(i / Y::c) + c % D::groups * of_group + c / D::groups];
    }
}

template <class D, class V, class T, class G>
__device__ void shuffle_backward(T team, Index images, const float* dy, G dx) {
    typedef typename V::DX0 DX;
    typedef typename V::DY DY;
    constexpr int of_group = DX::c / D::groups;
    for (Index i = team.thread(); i < images * DY::len; i += team.threads()) {
        int c = i % DY::c;
        put<V::add0>(dx + DX::at(i / DY::c) + c % D::groups * of_group + c / D::groups, dy[DY::element(i)]);
    }
}
