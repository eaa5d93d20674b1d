"""``trigger doctor``: what is installed, and what each missing thing would enable."""

from __future__ import annotations

from trigger.cli import options, show


def doctor(json: options.Json = False) -> None:
    """List the tools and packages that trigger can use, and what each is for."""
    from trigger.flow.doctor import examine

    findings = examine()
    if json:
        show.print_json(
            [
                {"name": it.name, "version": it.version, "enables": it.enables, "remedy": it.remedy}
                for it in findings
            ]
        )
        return
    show.print_table(
        "What is here",
        ("name", "version", "enables"),
        [(it.name, it.version or "missing", it.enables) for it in findings],
    )
    for it in findings:
        if it.version is None:
            print(f"  {it.name}: {it.remedy}")
