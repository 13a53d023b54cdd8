# SPDX-License-Identifier: BSD-2-Clause
package Clock;

# time(), for what is waited for or measured, by a clock that nobody sets.

use strict;
use warnings;
use Exporter qw(import);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

our @EXPORT_OK = qw(time);

sub time() { return clock_gettime(CLOCK_MONOTONIC) }

1;
