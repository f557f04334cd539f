// Package programs reads and writes an archive of the agent's two programs of one build,
// virgo-VERSION-OS-ARCH.zip. Agents install one, endpoints publish it. Whoever opens one has
// verified its signature before.
package programs
