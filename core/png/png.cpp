#include "png/png.hpp"

#include <array>
#include <cstdlib>
#include <string>

#include "png/deflate.hpp"

namespace huepress {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr DeflateEffort kDeflateEfforts[kMostEffort + 1] = {{128, 4}, {128, 4}, {128, 5},   {128, 6},   {256, 6},
                                                            {256, 6}, {512, 8}, {1024, 10}, {2048, 15}, {4096, 20}};

void put_number(Bytes& out, std::uint32_t number) {
    for (const int shift : {24, 16, 8, 0}) out.push_back(static_cast<std::uint8_t>(number >> shift));
}

// CRC-32 of ISO 3309 (PNG third edition, annex D).
std::uint32_t crc32(const std::uint8_t* data, std::size_t n) {
    static const std::array<std::uint32_t, 256> table = [] {
        std::array<std::uint32_t, 256> made{};
        for (std::uint32_t i = 0; i < 256; ++i) {
            made[i] = i;
            for (int bit = 0; bit < 8; ++bit) made[i] = made[i] & 1 ? 0xEDB88320u ^ made[i] >> 1 : made[i] >> 1;
        }
        return made;
    }();
    std::uint32_t crc = 0xFFFFFFFFu;
    for (std::size_t i = 0; i < n; ++i) crc = table[(crc ^ data[i]) & 255] ^ crc >> 8;
    return ~crc;
}

void put_chunk(Bytes& out, const std::string& name, const Bytes& body) {
    put_number(out, static_cast<std::uint32_t>(body.size()));
    const std::size_t begin = out.size();
    out.insert(out.end(), name.begin(), name.end());
    out.insert(out.end(), body.begin(), body.end());
    put_number(out, crc32(&out[begin], out.size() - begin));
}

// Rows of packed indices.
Bytes packed_rows(const IndexedPicture& picture, int bit_depth, std::size_t n_bytes) {
    const std::size_t width = picture.width, per_byte = 8 / bit_depth;
    Bytes rows(n_bytes * picture.height, 0);
    for (std::size_t y = 0; y < static_cast<std::size_t>(picture.height); ++y) {
        std::uint8_t* row = &rows[y * n_bytes];
        const std::uint8_t* from = &picture.indices[y * width];
        for (std::size_t x = 0; x < width; ++x) {
            const int shift = 8 - bit_depth * (static_cast<int>(x % per_byte) + 1);
            row[x / per_byte] = static_cast<std::uint8_t>(row[x / per_byte] | from[x] << shift);
        }
    }
    return rows;
}

// What a byte is told as, given its neighbors to the left, above, and both (PNG third edition, 9.2).
enum Filter { kNone, kSub, kUp, kAverage, kPaeth, kFilters };

std::uint8_t filtered(Filter filter, int byte, int left, int above, int corner) {
    int guess = 0;
    if (filter == kSub) guess = left;
    if (filter == kUp) guess = above;
    if (filter == kAverage) guess = (left + above) / 2;
    if (filter == kPaeth) {
        const int p = left + above - corner;
        const int a = std::abs(p - left), b = std::abs(p - above), c = std::abs(p - corner);
        guess = a <= b && a <= c ? left : b <= c ? above : corner;
    }
    return static_cast<std::uint8_t>(byte - guess);
}

void filter_row(Filter filter, const std::uint8_t* row, const std::uint8_t* above, std::size_t n, std::uint8_t* out) {
    for (std::size_t x = 0; x < n; ++x) {
        const int left = x ? row[x - 1] : 0, up = above ? above[x] : 0, corner = x && above ? above[x - 1] : 0;
        out[x] = filtered(filter, row[x], left, up, corner);
    }
}

// The different pairs of neighbors: few of them tell well.
std::size_t n_pairs(const std::uint8_t* bytes, std::size_t n, std::vector<std::uint32_t>& seen, std::uint32_t stamp) {
    std::size_t count = 0;
    for (std::size_t x = 1; x < n; ++x) {
        std::uint32_t& at = seen[static_cast<std::size_t>(bytes[x - 1]) << 8 | bytes[x]];
        count += at != stamp;
        at = stamp;
    }
    return count;
}

// Each row behind the number of its filter: the one that is named, or (kFilters) the one of the fewest pairs.
Bytes with_filter(const Bytes& rows, std::size_t n_bytes, Filter wanted) {
    Bytes out, trial(n_bytes), best;
    std::vector<std::uint32_t> seen(1 << 16, 0);
    std::uint32_t stamp = 0;
    for (std::size_t at = 0; at < rows.size(); at += n_bytes) {
        const std::uint8_t* above = at ? &rows[at - n_bytes] : nullptr;
        std::size_t fewest = SIZE_MAX;
        int chosen = wanted;
        for (int f = 0; f < kFilters; ++f) {
            if (wanted != kFilters && wanted != f) continue;
            filter_row(static_cast<Filter>(f), &rows[at], above, n_bytes, trial.data());
            const std::size_t pairs = wanted == f ? 0 : n_pairs(trial.data(), n_bytes, seen, ++stamp);
            if (pairs < fewest) fewest = pairs, chosen = f, best = trial;
        }
        out.push_back(static_cast<std::uint8_t>(chosen));
        out.insert(out.end(), best.begin(), best.end());
    }
    return out;
}

// The rows as they are deflated best, told by a quick trial.
Bytes filtered_rows(const IndexedPicture& picture, int bit_depth, int effort, const StopRequested& stop) {
    const std::size_t n_bytes = (static_cast<std::size_t>(picture.width) * bit_depth + 7) / 8;
    const Bytes rows = packed_rows(picture, bit_depth, n_bytes);
    Bytes best = with_filter(rows, n_bytes, kNone);
    // With fewer bits differences of bytes mean nothing.
    if (bit_depth < 8 || (picture.searched && effort < kMostEffort)) return best;
    constexpr DeflateEffort kQuick = {8, 0};
    std::size_t least = deflate(best, kQuick, stop).size();
    for (const Filter filter : {kSub, kUp, kFilters}) {
        Bytes other = with_filter(rows, n_bytes, filter);
        const std::size_t size = deflate(other, kQuick, stop).size();
        if (size < least) least = size, best = std::move(other);
    }
    return best;
}

}  // namespace

Bytes write_png(const IndexedPicture& picture, int effort, const StopRequested& stop_requested) {
    const std::size_t k = picture.palette.size() / 4;
    const int bit_depth = k <= 2 ? 1 : k <= 4 ? 2 : k <= 16 ? 4 : 8;
    Bytes png{0x89, 'P', 'N', 'G', 0x0D, 0x0A, 0x1A, 0x0A}, header, colors, alphas;
    put_number(header, static_cast<std::uint32_t>(picture.width));
    put_number(header, static_cast<std::uint32_t>(picture.height));
    header.insert(header.end(), {static_cast<std::uint8_t>(bit_depth), 3, 0, 0, 0});
    for (std::size_t i = 0; i < k; ++i) {
        colors.insert(colors.end(), &picture.palette[4 * i], &picture.palette[4 * i] + 3);
        alphas.push_back(picture.palette[4 * i + 3]);
    }
    while (!alphas.empty() && alphas.back() == 255) alphas.pop_back();
    put_chunk(png, "IHDR", header);
    put_chunk(png, "PLTE", colors);
    if (!alphas.empty()) put_chunk(png, "tRNS", alphas);
    put_chunk(
        png, "IDAT",
        deflate(filtered_rows(picture, bit_depth, effort, stop_requested), kDeflateEfforts[effort], stop_requested));
    put_chunk(png, "IEND", {});
    return png;
}

}  // namespace huepress
