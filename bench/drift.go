package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// restated are the statements that statements.go repeats, by their names in adapters/driven/postgres.
func restated() map[string]string {
	return map[string]string{
		"byIndex": byIndex, "insertKeys": insertKeys, "insertContacts": insertContacts, "insertPlans": insertPlans,
		"insertSteps": insertSteps, "insertMessages": insertMessages, "insertDues": insertDues, "insertEvidence": insertEvidence,
		"insertRefs": insertRefs, "insertDeadlines": insertDeadlines, "insertCounts": insertCounts, "insertEntries": insertEntries,
		"insertMarks": insertMarks, "deleteDeadlines": deleteDeadlines, "settle": settle, "claim": claim,
		"gateSuppressions": gateSuppressions, "gatePoints": gatePoints, "reserve": reserve,
	}
}

// drift names the statements that are not the product's any more, reading the constants of the package in the folder.
func drift(folder string) ([]string, error) {
	theirs, err := constants(folder)
	if err != nil {
		return nil, err
	}
	var apart []string
	for name, ours := range restated() {
		if theirs[name] != ours {
			apart = append(apart, name)
		}
	}
	slices.Sort(apart)
	return apart, nil
}

// constants are the text constants of a package.
func constants(folder string) (map[string]string, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	found := map[string]ast.Expr{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		gather(parsed, found)
	}
	values := make(map[string]string, len(found))
	for name := range found {
		values[name] = value(found[name], found)
	}
	return values, nil
}

// gather takes the constants of a file.
func gather(file *ast.File, found map[string]ast.Expr) {
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec) //nolint:forcetypeassert // so the parser says
			for i := range v.Values {
				found[v.Names[i].Name] = v.Values[i]
			}
		}
	}
}

// value is the text of an expression of literals, names and sums.
func value(e ast.Expr, found map[string]ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, _ := strconv.Unquote(e.Value) // no text: a number
		return s
	case *ast.Ident:
		return value(found[e.Name], found)
	case *ast.BinaryExpr:
		return value(e.X, found) + value(e.Y, found)
	}
	return ""
}
