// Command virgo-checks holds the checks that would make every run of virgo heavier: databases, web servers and
// caches, looking at other hosts, host information. virgo starts it beside itself when such a check is due, talks to it
// over its standard input and output (package worker), and ends it before the delivery. A person has no need to start it;
// "virgo check" does.
//
//	virgo-checks serve     answer an agent, until standard input ends
//	virgo-checks catalog   print the catalog that is built into virgo
//	virgo-checks version   print the version
package main
