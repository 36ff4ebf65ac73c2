# A table of words and their positions, sorted: Perl's hashes, arrays and strings.
use strict;
use warnings;

my %positions;
for my $number (1 .. 600_000) {
    push @{$positions{"word" . ($number * 7919 % 50_021)}}, $number;
}
my $sum = 0;
for my $word (sort keys %positions) {
    my $text = join ",", @{$positions{$word}};
    $sum = ($sum * 31 + length($text) + $positions{$word}[0]) % 1_000_000_007;
}
print scalar(keys %positions), " $sum\n";
