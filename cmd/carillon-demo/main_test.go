package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"carillon/cmd/internal/demo"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){demo.Name: main})
}

// TestScripts runs the command line as people do; see testdata/script. What it shows is tested beside the gateway, in
// cmd/carillon: TestDemoTwice, TestGameday and TestReadmeTryIt.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true})
}
