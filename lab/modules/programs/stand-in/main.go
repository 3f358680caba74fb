// Command stand-in runs in place of a chaos image's program: it says which image it stands for and waits until it is told to end.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM, syscall.SIGINT)
	name, err := os.ReadFile("/etc/chaos-image")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("stand-in for %s is running\n", strings.TrimSpace(string(name)))
	<-end
}
