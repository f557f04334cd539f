package host

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestMain makes the test binary the program that calls statfs when it is run with one of these
// words and a path, or one that misbehaves.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 {
		switch os.Args[1] {
		case "statfs":
			if StatFS(os.Args[2], os.Stdout) != nil {
				os.Exit(1)
			}
			os.Exit(0)
		case "statfs-hang": // as while its server does not answer
			for {
				time.Sleep(time.Hour)
			}
		case "statfs-garbage":
			fmt.Println("statfs 1 2 three")
			os.Exit(0)
		case "statfs-flood":
			for {
				if _, err := fmt.Println(strings.Repeat("x", 1000)); err != nil {
					os.Exit(1)
				}
			}
		case "statfs-crash":
			os.Exit(3)
		}
	}
	os.Exit(m.Run())
}
