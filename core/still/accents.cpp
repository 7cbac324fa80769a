#include <algorithm>
#include <cmath>
#include <limits>

#include "color/drawn_colors.hpp"
#include "still/palette_fit.hpp"

namespace huepress {
namespace {

// Said and reasoned about in huepress/engine/accents.py.
constexpr double kFar = 0.12, kRadiusSquared = 0.05 * 0.05, kServed = 0.002;
constexpr double kConnected = 0.8, kIsolated = 0.6;
constexpr double kPixelsPerClaim = 1 << 14, kLargestPicture = 1 << 20;
constexpr std::size_t kFewestPixels = 6, kFewestEntries = 16, kEntriesPerAccent = 8;

using Members = std::vector<std::size_t>;

double squared_distance_of(const float* a, const float* b, int channels) {
    double sum = 0.0;
    for (int d = 0; d < channels; ++d) {
        const double difference = a[d] - b[d];
        sum += difference * difference;
    }
    return sum;
}

// Summed in NumPy's order (eight sums, halves above 128), so that the same claims win.
double pairwise_sum(const double* values, std::size_t n) {
    if (n < 8) {
        double sum = 0.0;
        for (std::size_t i = 0; i < n; ++i) sum += values[i];
        return sum;
    }
    if (n > 128) {
        const std::size_t half = n / 2 - n / 2 % 8;
        return pairwise_sum(values, half) + pairwise_sum(values + half, n - half);
    }
    double sums[8];
    std::copy_n(values, 8, sums);
    std::size_t i = 8;
    for (; i < n - n % 8; i += 8) {
        for (int j = 0; j < 8; ++j) sums[j] += values[i + j];
    }
    double sum = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
    for (; i < n; ++i) sum += values[i];
    return sum;
}

// By how much the squared error grows if the entry that is next takes an entry's pixels (Ward), the cheapest first.
std::vector<double> worth_of_entries(const std::vector<float>& centers, const std::vector<double>& weights,
                                     int channels) {
    std::vector<double> worth;
    for (std::size_t a = 0; a < weights.size(); ++a) {
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t b = 0; b < weights.size(); ++b) {
            if (a == b) continue;
            const double squared = squared_distance_of(&centers[a * channels], &centers[b * channels], channels);
            least = std::min(least, squared * (weights[a] * weights[b] / std::max(weights[a] + weights[b], 1.0)));
        }
        worth.push_back(least);
    }
    std::sort(worth.begin(), worth.end());
    return worth;
}

bool is_connected(const ColorTable& table, const Members& members) {
    std::vector<char> is_member(table.n(), 0);
    for (const std::size_t i : members) is_member[i] = 1;
    const std::size_t width = table.width, height = table.height;
    std::size_t n_members = 0, n_connected = 0;
    for (std::size_t y = 0; y < height; ++y) {
        const std::uint32_t* row = &table.color_of[y * width];
        for (std::size_t x = 0; x < width; ++x) {
            if (!is_member[row[x]]) continue;
            ++n_members;
            const bool beside = (x > 0 && is_member[row[x - 1]]) || (x + 1 < width && is_member[row[x + 1]]);
            const bool above = y > 0 && is_member[row[x - width]];
            n_connected += beside && (above || (y + 1 < height && is_member[row[x + width]]));
        }
    }
    return static_cast<double>(n_connected) >= kConnected * static_cast<double>(n_members);
}

// The color that most of the pixels have, or else their mean.
std::vector<float> color_of_members(const ColorTable& table, const std::vector<float>& points, const Members& members) {
    const int channels = table.channels;
    std::size_t heaviest = members[0];
    double total = 0.0;
    for (const std::size_t i : members) {
        if (table.counts[i] > table.counts[heaviest]) heaviest = i;
        total += table.counts[i];
    }
    if (2.0 * table.counts[heaviest] > total)
        return {&points[heaviest * channels], &points[heaviest * channels] + channels};
    std::vector<double> sums(channels, 0.0);
    for (const std::size_t i : members) {
        for (int d = 0; d < channels; ++d) sums[d] += static_cast<double>(points[i * channels + d]) * table.counts[i];
    }
    std::vector<float> mean;
    for (const double sum : sums) mean.push_back(static_cast<float>(sum / total));
    return mean;
}

// The drawn colors that are not served, one of those that are alike, the largest squared error first.
Members unserved(const ColorTable& table, const std::vector<float>& points, const std::vector<double>& distance,
                 std::size_t most) {
    const int channels = table.channels;
    const std::vector<std::uint8_t> drawn =
        drawn_colors(points.data(), table.n(), channels, table.color_of.data(), table.height, table.width);
    std::vector<double> claims(table.n(), 0.0);
    for (std::size_t i = 0; i < table.n(); ++i) {
        if (drawn[i] && distance[i] > kServed) claims[i] = table.counts[i] * (distance[i] * distance[i]);
    }
    Members found;
    while (found.size() < most) {
        const auto largest = std::max_element(claims.begin(), claims.end());
        if (*largest == 0.0) break;
        found.push_back(static_cast<std::size_t>(largest - claims.begin()));
        for (std::size_t i = 0; i < table.n(); ++i) {
            if (squared_distance_of(&points[i * channels], &points[found.back() * channels], channels) <=
                kServed * kServed)
                claims[i] = 0.0;
        }
    }
    return found;
}

}  // namespace

std::vector<float> find_accents(const ColorTable& table, const std::vector<float>& points,
                                const std::vector<float>& centers, const std::vector<std::int32_t>& labels) {
    const int channels = table.channels;
    const std::size_t k = centers.size() / channels;
    if (k < kFewestEntries) return {};
    const std::size_t most = k / kEntriesPerAccent;
    std::vector<double> distance(table.n()), pixels_of(k, 0.0);
    Members far;
    for (std::size_t i = 0; i < table.n(); ++i) {
        distance[i] = std::sqrt(squared_distance_of(&points[i * channels], &centers[labels[i] * channels], channels));
        pixels_of[labels[i]] += table.counts[i];
    }
    std::vector<float> accents;
    std::size_t n_accents = 0;
    for (const std::size_t i : unserved(table, points, distance, most)) {
        accents.insert(accents.end(), &points[i * channels], &points[i * channels] + channels);
        ++n_accents;
    }
    for (std::size_t i = 0; i < table.n(); ++i) {
        bool is_far = distance[i] > kFar;
        for (std::size_t a = 0; a < n_accents; ++a)
            is_far =
                is_far && squared_distance_of(&points[i * channels], &accents[a * channels], channels) > kRadiusSquared;
        if (is_far) far.push_back(i);
    }
    const double gain = std::min(static_cast<double>(table.color_of.size()), kLargestPicture) / kPixelsPerClaim;
    const std::vector<double> worth = worth_of_entries(centers, pixels_of, channels);
    while (!far.empty() && n_accents < most) {
        std::vector<double> claims;
        for (const std::size_t i : far) {
            const double part = distance[i] / kFar;
            claims.push_back(gain * table.counts[i] * (distance[i] * distance[i]) * (1.0 + part * part));
        }
        const auto largest = std::max_element(claims.begin(), claims.end());
        const float* heaviest = &points[far[largest - claims.begin()] * channels];
        Members members, rest;
        std::vector<double> claims_near;
        double n_pixels = 0.0, n_around = 0.0;
        for (std::size_t j = 0; j < far.size(); ++j) {
            const std::size_t i = far[j];
            if (squared_distance_of(&points[i * channels], heaviest, channels) > kRadiusSquared) {
                rest.push_back(i);
                continue;
            }
            members.push_back(i);
            claims_near.push_back(claims[j]);
            n_pixels += table.counts[i];
        }
        for (std::size_t i = 0; i < table.n(); ++i) {
            if (squared_distance_of(&points[i * channels], heaviest, channels) <= 4 * kRadiusSquared)
                n_around += table.counts[i];
        }
        const double claim = pairwise_sum(claims_near.data(), claims_near.size());
        const bool stands_out = n_pixels >= kFewestPixels && n_pixels >= kIsolated * n_around;
        if (claim > worth[n_accents] && stands_out && is_connected(table, members)) {
            const std::vector<float> color = color_of_members(table, points, members);
            accents.insert(accents.end(), color.begin(), color.end());
            ++n_accents;
        }
        const double bound = *largest * static_cast<double>(claims.size());
        far = std::move(rest);
        if (bound < worth[n_accents]) break;  // not even all that is left would be worth an entry
    }
    return accents;
}

}  // namespace huepress
