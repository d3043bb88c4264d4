package algorithm

import (
	"slices"
	"strconv"

	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/occurrence"
	"carillon/core/plugin"
)

// c1CREATECC is C1-CREATECC: the service task that creates a customer contact. Class and type are those of the task type
// (C1-CreateCustContactTaskType); the characteristics are those the task brings, and the defaults of its type where it
// brings none. A task whose contact cannot be made stays in error (process 3.4.1.1, step 2.2).
func c1CREATECC(o contact.Occasion, p plugin.Parameters) (contact.Creation, error) {
	made, err := createCustCn(o, p)
	made.Task = true
	if err != nil {
		return made, err
	}
	task, is := o.Event.Detail.(*occurrence.ServiceTask)
	if !is {
		return made, nil
	}
	kind, _ := o.Types(made.Add.Class, made.Add.Type)
	own, wrong := taskCharacteristics(o, kind, task)
	if len(wrong) > 0 {
		return made, fault.Refuse(wrong...)
	}
	// What belongs on the contact is what its type has a place for; what describes the task stays with the event.
	for _, c := range own {
		has := func(x plugin.Characteristic) bool { return x.Type == c.Type }
		fits := func(u plugin.CharacteristicUse) bool { return u.Type == c.Type }
		if slices.ContainsFunc(kind.Characteristics, fits) && !slices.ContainsFunc(made.Add.Characteristics, has) {
			made.Add.Characteristics = append(made.Add.Characteristics, c)
		}
	}
	return made, nil
}

// taskCharacteristics are those of a task: as it brings them, with the defaults of its type. One that is for neither the
// task nor its contact is refused, and one that its type requires is missed.
func taskCharacteristics(o contact.Occasion, kind contact.Type, task *occurrence.ServiceTask) ([]plugin.Characteristic, []fault.Violation) {
	var wrong []fault.Violation
	own := slices.Clone(task.Characteristics)
	for _, u := range o.Uses {
		if slices.ContainsFunc(own, func(c plugin.Characteristic) bool { return c.Type == u.Type }) {
			continue
		}
		switch {
		case u.Default != "":
			own = append(own, plugin.Characteristic{Type: u.Type, Value: u.Default})
		case u.Required:
			wrong = append(wrong, fault.Violation{Field: "/characteristics", Reason: "characteristic " + u.Type + " is required of the service task type"})
		}
	}
	for i, c := range task.Characteristics {
		of := func(u plugin.CharacteristicUse) bool { return u.Type == c.Type }
		if !slices.ContainsFunc(o.Uses, of) && !slices.ContainsFunc(kind.Characteristics, of) {
			wrong = append(wrong, fault.Violation{Field: "/characteristics/" + strconv.Itoa(i) + "/type", Reason: "is no characteristic of the service task type or its contact type"})
		}
	}
	return own, wrong
}

func c1CREATECCAbout() plugin.Algorithm {
	return plugin.Algorithm{
		Code: "C1-CREATECC", Tells: "Creates the customer contact of a service task, of the type that the service task type names; one that cannot be made can be tried again.",
		Spots: creationSpots(plugin.Spot{Owner: "service_task_type", Event: "processing"}), Parameters: creating(false, false),
	}
}
