package browsertest

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// pageTime bounds what one call waits for, on a busy machine.
const pageTime = time.Minute

// A Browser is a running Chromium.
type Browser struct {
	ctx context.Context
}

// Start starts Chromium, which ends with the test. It skips the test where there is none, unless
// VIRGO_REQUIRE_SERVICES=1 says that everything is there.
func Start(t testing.TB) *Browser {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("VIRGO_REQUIRE_SERVICES") == "1" {
			t.Fatal("chromium is missing: install the package chromium")
		}
		t.Skip("needs chromium (Debian: apt-get install chromium)")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("hide-scrollbars", true),
		chromedp.WSURLReadTimeout(pageTime))
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	ctx, stopBrowser := chromedp.NewContext(ctx)
	t.Cleanup(func() {
		stopBrowser()
		stop()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting chromium: %v", err)
	}
	return &Browser{ctx}
}
