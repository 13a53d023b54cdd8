#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# A reload between two requests of connections that stay open, in every worker.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Mxonly qw(wait_until request RELAY DIRECT);
use Test::More;

my $server  = Mxonly->new(policyd => "workers = 3\n");
my @sockets = map { $server->connect } 1 .. 40;
my $open    = "$Mxonly::relay\n[default]\nmode = off\n";
my @workers = $server->workers;

# What all connections get, as one word each when all are the same.
sub all_get {
	my %got = map { $_ => 1 } map { $server->ask($_, DIRECT) =~ s/ .*//sr } @sockets;
	return join(' ', sort keys %got);
}

is(scalar(@workers), 3, 'three workers');
is(all_get(), 'REJECT', 'generation 1 refuses');

$server->configure($open);
ok($server->reload(2), 'reloaded');
is(all_get(), 'DUNNO', 'generation 2 permits, on every connection');

$server->configure("$Mxonly::relay\n[default]\nmode = of\nrelays = nothing\n");
ok($server->reload, 'a faulty configuration is refused');
like($server->log, qr{error: \S*mxonly\.ini:\d+: .*\boff\b}, 'its first fault is told, with its place');
like($server->log, qr{error: \S*mxonly\.ini:\d+: .*nothing}, 'so is its second');
like($server->log, qr{still serving generation 2}, 'and what goes on');
is(all_get(), 'DUNNO', 'generation 2 still permits');

rename($server->config, $server->config . '.away');
kill('HUP', $server->pid);
ok($server->logs(qr/still serving generation 2/, 2), 'a configuration that has vanished is refused');
is(all_get(), 'DUNNO', 'generation 2 still permits');

$server->configure($Mxonly::relay);
ok($server->reload(3), 'mended');
is(all_get(), 'REJECT', 'generation 3 refuses');

$server->configure($Mxonly::relay, "workers = 2\nsocket_mode = 0600\nlisten = unix:elsewhere\n");
ok($server->reload(4), 'settings that a start alone can change are accepted');
for my $key (qw(listen socket_mode workers)) {
	like($server->log, qr/warning: `$key` has changed: this takes effect at the next start/, "$key is warned of");
}
unlike($server->log, qr/`(user|group|control|socket_group)` has changed/, 'nothing else is');

# Half of a request before the reload, half behind it: it is decided by the new one.
my $whole = request(DIRECT);
syswrite($sockets[0], substr($whole, 0, 40));
$server->configure($open);
ok($server->reload(5), 'reloaded in the middle of a request');
syswrite($sockets[0], substr($whole, 40));
is((Mxonly::answers($sockets[0], 1))[0], 'DUNNO', 'the request is decided by what is in force when it is whole');

# Of snapshots; 1 also without root, to whom alone a confined process is open.
sub held {
	my ($pid) = @_;
	open(my $maps, '<', "/proc/$pid/maps") or return 1;
	return scalar(grep { m{/memfd:mxonly } } <$maps>);
}
ok(wait_until { !grep { held($_) != 1 } $server->pid, @workers }, 'what was in force before is let go of');

# A storm: what was asked last is what is served in the end.
for my $i (1 .. 30) {
	$server->configure($i % 2 ? $open : $Mxonly::relay);
	kill('HUP', $server->pid);
	like($server->ask($sockets[ $i % @sockets ], DIRECT), qr/^(REJECT|DUNNO)/, "answered in a storm of reloads ($i)")
		unless $i % 10;
}
ok(wait_until { all_get() eq 'REJECT' } , 'the last configuration wins');

# Whoever still loads counts as one, until it has gone.
ok(wait_until { join(' ', $server->workers) eq join(' ', @workers) }, 'all by the same workers, on the same connections');
is($server->stop, 0, 'a clean end');
unlike($server->log, qr/ERROR: \w+Sanitizer|runtime error/, 'no sanitizer had a word to say');
done_testing();
