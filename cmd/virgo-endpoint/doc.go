// Command virgo-endpoint receives what virgo delivers: it hands out schedules, keeps results and shows
// them. One file a command; what it does lies in package virgo/transport/endpoint.
package main
