// Package filetime reads when files were changed, also after 2038 where package os has 32 bits for the
// seconds (Linux on 32-bit processors).
package filetime
