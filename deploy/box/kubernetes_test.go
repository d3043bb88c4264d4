package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// objects are the shipped objects by file, decoded strictly: a field that Kubernetes does not know is an error.
func objects(t *testing.T) map[string]runtime.Object {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{appsv1.AddToScheme, corev1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	files, err := filepath.Glob("../kubernetes/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]runtime.Object)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		object, _, err := decoder.Decode(text, nil, nil)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if o, is := object.(metav1.Object); !is || o.GetName() != "carillon" || o.GetNamespace() != "" {
			t.Errorf("%s is called %v", file, object)
		}
		all[filepath.Base(file)] = object
	}
	return all
}

func get[T runtime.Object](t *testing.T, all map[string]runtime.Object, file string) T {
	t.Helper()
	o, is := all[file].(T)
	if !is {
		t.Fatalf("%s is a %T", file, all[file])
	}
	return o
}

func TestKubernetesObjectsFit(t *testing.T) {
	all := objects(t)
	if len(all) != 6 {
		t.Errorf("there are %v", slices.Collect(maps.Keys(all)))
	}
	d := get[*appsv1.Deployment](t, all, "deployment.yaml")
	pod := labels.Set(d.Spec.Template.Labels)
	selects := func(what string, s *metav1.LabelSelector) {
		t.Helper()
		selector, err := metav1.LabelSelectorAsSelector(s)
		if err != nil || selector.Empty() || !selector.Matches(pod) {
			t.Errorf("%s does not select the pods: %v, %v", what, selector, err)
		}
	}
	selects("the deployment", d.Spec.Selector)
	selects("the budget", get[*policyv1.PodDisruptionBudget](t, all, "poddisruptionbudget.yaml").Spec.Selector)
	policy := get[*networkingv1.NetworkPolicy](t, all, "networkpolicy.yaml")
	selects("the policy", &policy.Spec.PodSelector)
	service := get[*corev1.Service](t, all, "service.yaml")
	selects("the service", &metav1.LabelSelector{MatchLabels: service.Spec.Selector})

	c := d.Spec.Template.Spec.Containers[0]
	ports := make(map[string]int32)
	for _, p := range c.Ports {
		ports[p.Name] = p.ContainerPort
	}
	if _, there := ports[service.Spec.Ports[0].TargetPort.String()]; !there {
		t.Errorf("the service goes to %v", service.Spec.Ports)
	}
	if _, there := ports[policy.Spec.Ingress[0].Ports[0].Port.String()]; !there {
		t.Errorf("the policy lets through %v", policy.Spec.Ingress)
	}
	settings := get[*corev1.ConfigMap](t, all, "configmap.yaml")
	if !strings.HasSuffix(settings.Data["CARILLON_LISTEN"], ":8080") || ports["http"] != 8080 || d.Spec.Template.Annotations["prometheus.io/port"] != "8080" {
		t.Error("the ports differ")
	}
	secret := get[*corev1.Secret](t, all, "secret.example.yaml")
	for name, value := range secret.StringData {
		if !strings.Contains(value, "REPLACE-ME") || settings.Data[name] != "" {
			t.Errorf("the example has a secret: %s", name)
		}
	}
	var from []string
	for _, e := range c.EnvFrom {
		if e.ConfigMapRef != nil {
			from = append(from, "config "+e.ConfigMapRef.Name)
		}
		if e.SecretRef != nil {
			from = append(from, "secret "+e.SecretRef.Name)
		}
	}
	if !slices.Equal(from, []string{"config carillon", "secret carillon"}) {
		t.Errorf("the settings come from %v", from)
	}
}

func TestKubernetesDeploymentIsSafe(t *testing.T) {
	all := objects(t)
	d := get[*appsv1.Deployment](t, all, "deployment.yaml")
	rolling := d.Spec.Strategy.RollingUpdate
	if *d.Spec.Replicas < 2 || d.Spec.Strategy.Type != appsv1.RollingUpdateDeploymentStrategyType || rolling.MaxUnavailable.IntValue() != 0 || rolling.MaxSurge.IntValue() < 1 {
		t.Errorf("a rollout leaves gaps: %+v", d.Spec.Strategy)
	}
	pod := d.Spec.Template.Spec
	c := pod.Containers[0]
	for name, probe := range map[string]*corev1.Probe{"/livez": c.LivenessProbe, "/readyz": c.ReadinessProbe} {
		if probe == nil || probe.HTTPGet == nil || probe.HTTPGet.Path != name || probe.HTTPGet.Port.String() != "http" {
			t.Errorf("the probe of %s is %+v", name, probe)
		}
	}
	if wait := time.Duration(c.StartupProbe.PeriodSeconds*c.StartupProbe.FailureThreshold) * time.Second; wait < 5*time.Minute {
		t.Errorf("a migration has %s", wait)
	}
	grace, err := time.ParseDuration(get[*corev1.ConfigMap](t, all, "configmap.yaml").Data["CARILLON_GRACE"])
	if err != nil {
		t.Fatal(err)
	}
	stopping := time.Duration(c.Lifecycle.PreStop.Sleep.Seconds)*time.Second + grace + 10*time.Second
	if end := time.Duration(*pod.TerminationGracePeriodSeconds) * time.Second; end < stopping {
		t.Errorf("it is killed after %s, and stopping may take %s", end, stopping)
	}
	s := c.SecurityContext
	if !*pod.SecurityContext.RunAsNonRoot || *pod.SecurityContext.RunAsUser != user || *s.AllowPrivilegeEscalation || !*s.ReadOnlyRootFilesystem ||
		len(s.Capabilities.Drop) != 1 || s.Capabilities.Drop[0] != "ALL" || *pod.AutomountServiceAccountToken || *pod.EnableServiceLinks {
		t.Errorf("the pod may do more than it needs: %+v, %+v", pod.SecurityContext, s)
	}
	if c.Resources.Limits.Memory().Value() != 2<<30 || c.Resources.Requests.Cpu().IsZero() {
		t.Errorf("its resources are %+v", c.Resources)
	}
}
