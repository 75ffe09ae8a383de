"""suite.model.telemetry: what is left of the readings of a GPU that a launch did not use."""

from builders import make_telemetry

from suite.model.telemetry import Gauge, TelemetryPoint, without_gpu


def test_a_launch_that_missed_the_gpu_keeps_the_hosts_readings_alone() -> None:
    """No energy, clock or foreign process of a device that it did not run on."""
    of_host = {"resident_bytes": 1e9, "cores_busy": 1.5}
    point = TelemetryPoint(step=3, values=of_host | {"gpu_power_watts": 70.0})
    host = {"resident_bytes": Gauge(1e9, 1e9, 1e9), "cpu_frequency_mhz": Gauge(2e3, 1e3, 3e3)}
    read = make_telemetry(
        gauges={**host, "gpu_power_watts": Gauge(70.0, 69.5, 70.5)},
        throttling={"heat (driver)": 1.0},
        throttle_readings=2,
        foreign_processes=("process 7",),
        energy_joules=35.0,
        energy_source="GPU",
        images_per_joule=2.0,
        busy_cpus=1.5,
        usable_cpus=2,
        series=(point,),
    )
    kept = without_gpu(read, "ran on the CPU")

    assert kept == make_telemetry(
        gauges=host,
        note="ran on the CPU",
        busy_cpus=1.5,
        usable_cpus=2,
        series=(TelemetryPoint(step=3, values=of_host),),
    )
