#!/usr/bin/perl
# What `kura hunt --format json` found, held against the labels of a scenario.
#
#     score.pl [--days N] LABELS <FINDINGS
#
# One line a hunt: how it ended, its time, its findings, planted attacks that it
# found, look-alikes that it reported, what else it reported, and that per day.
# Then each attack that was not found, each look-alike that was reported, and
# each labelled hunt that did not run, on a line that begins with "!".  Exit code
# 1 when there is such a line.
use strict;
use warnings;
use JSON::PP;

my $days = 365;
if (@ARGV && $ARGV[0] eq '--days') {
    shift;
    $days = shift;
}
my $json = JSON::PP->new->utf8;
my (%labels, %findings, @runs, @wrong);

open my $in, '<', shift or die "score: $!\n";
while (<$in>) {
    chomp;
    my ($hunt, $kind, $pairs, $words) = split /\t/;
    my %want = map { split /=/, $_, 2 } split /\|/, $pairs;
    push @{ $labels{$hunt} },
        { kind => $kind, want => \%want, pairs => $pairs, words => $words };
}

# A finding has its columns in `row`, an object or the text of one.
while (<STDIN>) {
    my $line = $json->decode($_);
    if ($line->{runs}) {
        push @runs, @{ $line->{runs} };
        next;
    }
    my $row = $line->{row} // $line;
    $row = JSON::PP->new->decode($row) unless ref $row;
    push @{ $findings{ $line->{hunt} } }, $row;
}

sub is_of {
    my ($row, $want) = @_;
    for my $column (keys %$want) {
        return 0
            if !defined $row->{$column}
            || lc $row->{$column} ne lc $want->{$column};
    }
    return 1;
}

printf "%-28s %-8s %7s %7s %7s %6s %6s %8s\n", qw(hunt status ms found hits
    misses other a_day);
for my $run (sort { $a->{hunt} cmp $b->{hunt} } @runs) {
    my $hunt = $run->{hunt};
    my @rows = @{ $findings{$hunt} // [] };
    my ($hits, $hit, $miss, %of_hit) = (0, 0, 0);
    for my $label (@{ $labels{$hunt} // [] }) {
        my @of = grep { is_of($rows[$_], $label->{want}) } 0 .. $#rows;
        if ($label->{kind} eq 'hit') {
            $hits++;
            $hit += @of > 0;
            @of_hit{@of} = ();
            push @wrong, "$hunt did not find $label->{pairs}: $label->{words}"
                unless @of;
        } elsif (@of) {
            $miss++;
            push @wrong, "$hunt reports $label->{pairs}: $label->{words}";
        }
    }
    push @wrong, "$hunt $run->{status}: $run->{reason}"
        if $labels{$hunt} && $run->{status} ne 'done';
    my $other = @rows - keys %of_hit;
    printf "%-28s %-8s %7d %7d %7s %6d %6d %8.3f\n", $hunt, $run->{status},
        $run->{ms}, scalar @rows, "$hit/$hits", $miss, $other, $other / $days;
    delete $labels{$hunt};
}
push @wrong, "$_ did not run" for sort keys %labels;
print "! $_\n" for @wrong;
exit(@wrong ? 1 : 0);
