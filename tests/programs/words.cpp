// What makes a C++ compiler work: templates of the standard library.
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <ranges>
#include <regex>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

using Value = std::variant<int, double, std::string, std::vector<std::string>>;

std::map<std::string, std::set<std::size_t>> positions(const std::string& text) {
    std::map<std::string, std::set<std::size_t>> found;
    const std::regex word("[a-z]+");
    for (std::sregex_iterator it(text.begin(), text.end(), word), end; it != end; ++it)
        found[it->str()].insert(static_cast<std::size_t>(it->position()));
    return found;
}

int main() {
    std::unordered_map<std::string, std::shared_ptr<Value>> values;
    std::string line;
    while (std::getline(std::cin, line))
        for (const auto& [word, places] : positions(line)) {
            auto sizes = places | std::views::transform([](auto p) { return int(p); });
            values[word] = std::make_shared<Value>(std::accumulate(sizes.begin(), sizes.end(), 0));
        }
    for (const auto& [word, value] : values)
        std::cout << word << ' '
                  << std::visit([](const auto& v) { return sizeof v; }, *value) << '\n';
}
