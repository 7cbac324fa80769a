#include "search/repeats.hpp"

#include <algorithm>

namespace huepress {
namespace {

constexpr int kTableBits = 16;
constexpr int kShortRun = 4, kLongRun = 12;  // pixels at one byte each

// The latest place of each run of a length, by its hash: as deflaters look for matches.
class LatestRuns {
public:
    LatestRuns(const std::uint32_t* color_of, int length)
        : color_of_(color_of), length_(length), table_(std::size_t{1} << kTableBits, -1) {}

    // The latest place of the run at `place`, or -1; from now on, `place`.
    std::int32_t exchange(std::int32_t place) {
        const std::uint32_t* run = color_of_ + place;
        std::uint64_t hash = 0;
        for (int i = 0; i < length_; ++i) hash = (hash ^ run[i]) * 0x9e3779b97f4a7c15u;
        std::int32_t& latest = table_[hash >> (64 - kTableBits)];
        const std::int32_t found = latest >= 0 && std::equal(run, run + length_, color_of_ + latest) ? latest : -1;
        latest = place;
        return found;
    }
    int length() const { return length_; }

private:
    const std::uint32_t* color_of_;
    int length_;
    std::vector<std::int32_t> table_;
};

}  // namespace

std::vector<std::int32_t> find_repeats(const std::uint32_t* color_of, int width, int rows, int unit,
                                       const std::function<bool(int up, int left)>& reachable) {
    std::vector<std::int32_t> repeats(static_cast<std::size_t>(width) * static_cast<std::size_t>(rows), -1);
    LatestRuns shorter(color_of, std::max(kShortRun, 3 * unit)), longer(color_of, std::max(kLongRun, 9 * unit));
    for (int y = 0; y < rows; ++y) {
        int varied_until = 0;  // a change of color stands between this pixel and the one before
        for (int x = 0; x + shorter.length() <= width; x += unit) {
            const auto place = static_cast<std::int32_t>(y) * width + x;
            const std::uint32_t* run = color_of + place;
            if (varied_until <= x) {
                varied_until = x + 1;
                while (varied_until < width && run[varied_until - x] == *run) ++varied_until;
            }
            if (varied_until >= x + shorter.length()) continue;
            const std::int32_t from_short = shorter.exchange(place);
            const std::int32_t from_long = x + longer.length() <= width ? longer.exchange(place) : -1;
            for (const std::int32_t from : {from_long, from_short}) {
                if (from < 0) continue;
                const int up = y - from / width;
                if (!reachable(up, x - from % width)) continue;
                repeats[place] = from;
                break;
            }
        }
    }
    return repeats;
}

}  // namespace huepress
