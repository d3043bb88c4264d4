package algorithm

import (
	"carillon/core/plugin"
	"carillon/core/todo"
)

// ToDos are the algorithms of the spots of To Dos, by their codes.
func ToDos() todo.Algorithms {
	return todo.Algorithms{
		PreCreation: map[string]todo.PreCreation{"C1-TDCR-CHAR": c1TDCRChar, "C1-TDCR-DFRL": c1TDCRDfrl},
		Information: map[string]todo.Information{"F1-TDT-INFO": f1TDTInfo, "F1-TDI-INFO": f1TDIInfo},
		Assignment:  map[string]todo.Assignment{"F1-VAL-SKILL": f1ValSkill},
		RoleChange:  map[string]todo.RoleChange{"C1-VALTDROLE": c1ValTDRole},
		Routing: map[string]todo.Routing{
			"C1-CREMAILTD": c1CreMailTD, "C1-ADJAREQEM": c1AdjAreqEm, "C1-CAPREMAIL": c1CapreMail,
		},
	}
}

func todos() plugin.Catalog {
	return plugin.Catalog{
		describeF1TDTInfo(), describeF1TDIInfo(), describeF1ValSkill(), describeC1ValTDRole(), describeC1TDCRChar(),
		describeC1TDCRDfrl(), describeC1CreMailTD(), describeC1AdjAreqEm(), describeC1CapreMail(),
	}
}
